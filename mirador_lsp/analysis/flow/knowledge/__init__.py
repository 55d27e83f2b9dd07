"""What is known of libraries: read from the files of this folder, one for each library.

`topics.toml` tells the kinds of harm; `python/` and `javascript/` tell what brings data from
outside, where data does harm, what makes it harmless and what hands it on. What they tell is
data: nothing here knows a program, or runs one.
"""

from mirador_lsp.analysis.flow.knowledge.files import BadKnowledgeError
from mirador_lsp.analysis.flow.knowledge.lookup import Library, load_knowledge
from mirador_lsp.analysis.flow.knowledge.topics import Topic, load_topics

__all__ = ["BadKnowledgeError", "Library", "Topic", "load_knowledge", "load_topics"]
