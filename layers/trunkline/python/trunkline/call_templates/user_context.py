"""Encryption of the `user_context` in stored templates, which is hidden like a call's.

A template is stored as it is shown: with the names of its `user_context`, and its values where they only name
something to fill in. The values themselves are a ciphertext beside it, decrypted to create a call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.call_templates.shown_body import CONTEXT_FIELD, StoredTemplate, shown_context
from trunkline.core.json_text import json_text, same_json
from trunkline.core.redaction import HIDDEN_VALUE
from trunkline.storage.encryption import EnvelopeCipher, context_for_template


@dataclass(frozen=True)
class TemplateBody:
    """A template to store: its body as it is shown, and the ciphertext of its `user_context`."""

    body_json: str
    user_context: bytes | None = None


@dataclass(frozen=True)
class TemplateCipher:
    """Hides and reveals the `user_context` of templates; the ciphertext is bound to tenant and owner."""

    cipher: EnvelopeCipher

    def hide(
        self, tenant_id: str, owner_id: str, body: Mapping[str, Any], before: StoredTemplate | None = None
    ) -> TemplateBody:
        """Return a body to store; hidden values that a client sends back are those of `before`.

        A `user_context` that is not changed keeps its ciphertext; one that an earlier version stored in plain
        text gets one.
        """
        if not body.get(CONTEXT_FIELD):
            return TemplateBody(json_text(body))
        stored = self.reveal(before).get(CONTEXT_FIELD) if before else None
        given = _restored(body[CONTEXT_FIELD], stored)
        shown = json_text({**body, CONTEXT_FIELD: shown_context(given)})
        if before is not None and before.user_context is not None and same_json(given, stored):
            return TemplateBody(shown, before.user_context)
        context = context_for_template(tenant_id, owner_id)
        return TemplateBody(shown, self.cipher.encrypt(context, {CONTEXT_FIELD: given}))

    def reveal(self, template: StoredTemplate) -> dict[str, Any]:
        """Return the whole body of a template: one Decrypt if it has a `user_context`."""
        body: dict[str, Any] = json.loads(template.body_json)
        if template.user_context is None:
            return body
        context = context_for_template(template.tenant_id, template.id)
        return {**body, **self.cipher.decrypt(context, template.user_context)}


def changed_with_context(
    changed: Sequence[str], before: StoredTemplate, after: StoredTemplate
) -> Sequence[str]:
    """Return the changed fields of a template; views do not show that a hidden value changed."""
    if before.user_context == after.user_context or "body" in changed:
        return changed
    return [*changed, "body"]


def _restored(given: Any, stored: Any) -> Any:
    """Replace hidden values by the stored ones of the same names."""
    if given == HIDDEN_VALUE and stored is not None:
        return stored
    if not isinstance(given, Mapping) or not isinstance(stored, Mapping):
        return given
    return {
        name: stored[name] if value == HIDDEN_VALUE and name in stored else value
        for name, value in given.items()
    }
