"""Pull requests where they live, GitHub, GitLab and Gitea: read and commented on over their APIs.

It never reviews anything and never decides what is worth saying: it is told. Nothing a forge says
is trusted, and no other host than the one that was named is asked. Read `line.py` first.
"""
