"""What each scope allows, in a sentence for people who create keys. Pure."""

from __future__ import annotations

from trunkline.auth.scopes import Scope

SCOPE_TEXTS: dict[Scope, str] = {
    Scope.ADMIN: "Everything, also what later releases add.",
    Scope.CALLS_CREATE: "Create, change, cancel and erase calls, sign tokens, and add agents to calls.",
    Scope.CALLS_INITIATE: "Another name of calls:create.",
    Scope.CALLS_READ: "Read calls, transcripts, events, statistics and limits.",
    Scope.AGENTS_READ: "Read agents.",
    Scope.AGENTS_WRITE: "Create, change and delete agents.",
    Scope.WORKFLOWS_READ: "Read workflows.",
    Scope.WORKFLOWS_WRITE: "Create, change and delete workflows.",
    Scope.TOOLS_READ: "Read tools.",
    Scope.TOOLS_WRITE: "Create, change, delete and try tools. Whoever may, can send a secret to any address.",
    Scope.SECRETS_READ: "Read the names of tools' secrets, never their values.",
    Scope.SECRETS_WRITE: "Create, replace and delete secrets of tools.",
    Scope.RULES_READ: "Read the suppression list and the number rules.",
    Scope.RULES_WRITE: "Change the suppression list and the number rules.",
    Scope.TRIGGERS_READ: "Read triggers and what they received.",
    Scope.TRIGGERS_WRITE: "Create, change and delete triggers, and rotate their secrets.",
    Scope.SCHEDULES_READ: "Read schedules and their runs.",
    Scope.SCHEDULES_WRITE: "Create, change, pause, run and delete schedules.",
    Scope.BATCHES_READ: "Read batches and their results.",
    Scope.BATCHES_WRITE: "Create, start, pause, cancel and delete batches.",
    Scope.TRUNKS_READ: "Read trunks and what they do.",
    Scope.TRUNKS_WRITE: "Pause, resume and limit trunks.",
    Scope.WEBHOOKS_READ: "Read webhooks and their deliveries.",
    Scope.WEBHOOKS_WRITE: "Read, create, change, test and delete webhooks, and send deliveries again.",
    Scope.API_KEYS_READ: "Read API keys and sessions, never their secrets.",
    Scope.API_KEYS_WRITE: "Create, change, rotate and revoke API keys, and end sessions.",
    Scope.LIVEKIT_READ: "Read which LiveKit project is used.",
    Scope.LIVEKIT_WRITE: "Use a LiveKit project of one's own.",
    Scope.AUDIT_READ: "Read the audit log.",
}
