"""What model servers refuse, as our errors: the statuses that mean the same with every kind."""

from mirador_lsp.core.dialogue import ModelCard
from mirador_lsp.core.errors import ModelError, ModelUnavailable
from mirador_lsp.models.hiding import Hide
from mirador_lsp.models.texts import speaks_of_length, too_long
from mirador_lsp.models.transport import Refusal

KEY_REMEDY = "Set the variable that key_env names."
_ANOTHER_KIND = "Correct its address, or its kind."
LATER = "Ask again in a while."
AGAIN = "Ask again; its own log may say why."
_LOG = "Its own log may say more; another model can stand in."


class NotOffered(ModelUnavailable):
    """The server works; what was asked for is not to be had there, or may not be used."""


def refused(refusal: Refusal, card: ModelCard, hide: Hide) -> ModelError:
    """The error of a question that the server of a model does not answer."""
    name, said = card.name, refusal.message
    if refusal.status in (404, 405) and refusal.body is None:
        # A model that is missing is told in the server's own form.
        message = f"The server of {name} does not know this kind of question."
        return ModelUnavailable(message, remedy=_ANOTHER_KIND)
    if refusal.status in (400, 413, 422) and speaks_of_length(said):
        return too_long(card)
    match refusal.status:
        case 401 | 403:
            return ModelUnavailable(f"The server of {name} wants a key.", remedy=KEY_REMEDY)
        case 404:
            remedy = "`mirador models list` names those it has."
            return ModelUnavailable(f"{name} is not there any more.", remedy=remedy)
        case 429 | 503:
            return ModelUnavailable(f"The server of {name} is busy.", remedy=LATER)
        case _:
            pass
    shown = hide(said)
    detail = f": {shown}" if shown else ""
    return ModelUnavailable(f"{name} refused the question ({refusal.status}){detail}.", remedy=_LOG)


def not_listed(refusal: Refusal, server: str) -> ModelUnavailable:
    """The error of a server that does not tell which models it has."""
    if refusal.status in (401, 403):
        return ModelUnavailable(f"{server} wants a key.", remedy=KEY_REMEDY)
    if refusal.status == 400 and "api key" in refusal.message.lower():  # Gemini's way to say 401
        remedy = "Correct what key_env or key_file names."
        return ModelUnavailable(f"{server} does not take the key.", remedy=remedy)
    if refusal.status in (429, 503):
        return ModelUnavailable(f"{server} is busy.", remedy=LATER)
    detail = refusal.message or refusal.status
    message = f"{server} does not list its models as a server of its kind does ({detail})."
    return ModelUnavailable(message, remedy=_ANOTHER_KIND)
