"""What changed: in a repository, or as a patch says.

git is a program that reads what strangers wrote. It is asked for lists and for contents, never to
check out, to fetch, to merge, or for anything that would run what a repository names.
"""
