"""What protects people and tenants, taken from the present table into the restored one.

A number that was suppressed since the restored time stays suppressed, and a key that was revoked stays so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from trunkline.storage.keys.item import SK, Item
from trunkline.storage.keys.resources import number_rules_key, suppression_key
from trunkline.storage.keys.tenants import api_key_entry, api_key_key, key_count_key, tenant_mode_of
from trunkline.storage.table import Put, Table, Update
from trunkline_cli.operator import Operator


@dataclass(frozen=True)
class Protections:
    """Takes suppressions and API keys from the `present` table, for the tenants of the restored one."""

    present: Table
    restored: Operator

    def take_over(self, *, with_keys: bool = True) -> Counter[str]:
        """Suppress what has been suppressed since, and have the keys as they are now; return how many.

        It is safe to repeat.
        """
        counts: Counter[str] = Counter()
        for tenant in self.restored.tenants.all():
            for livemode in (True, False):
                counts["numbers suppressed"] += self._suppress(tenant_mode_of(tenant.id, livemode))
            if with_keys:
                counts["keys revoked"] += self._revoke(tenant.id)
                counts["keys added or rotated"] += self._renew(tenant.id)
        return +counts

    def _suppress(self, tenant_mode: str) -> int:
        prefix = suppression_key(tenant_mode)
        known = {item[SK]: item for item in self.restored.table.walk(prefix)}
        newer = [item for item in self.present.walk(prefix) if known.get(item[SK]) != item]
        if newer:
            self.restored.table.write(Update(number_rules_key(tenant_mode), set={"suppresses": True}))
        for item in newer:
            self.restored.table.write(Put(item))
        return len(newer)

    def _revoke(self, tenant_id: str) -> int:
        gone = self._keys(self.restored.table, tenant_id).keys() - self._keys(self.present, tenant_id).keys()
        for key_id in gone:
            self.restored.revoke_key(tenant_id, key_id)
        return len(gone)

    def _renew(self, tenant_id: str) -> int:
        """Copy keys that were added or rotated since: clients use them, and their pepper is the same."""
        known, renewed = self._keys(self.restored.table, tenant_id), 0
        for key_id, entry in self._keys(self.present, tenant_id).items():
            if known.get(key_id) == entry:
                continue
            hashes = [entry["hash"], *([entry["previous_hash"]] if entry.get("previous_hash") else [])]
            items = self.present.get_all([api_key_key(each) for each in hashes])
            self.restored.table.transact([Put(entry), *(Put(item) for item in items)])
            renewed += 1
        if renewed and (count := self.present.get(key_count_key(tenant_id))):
            self.restored.table.write(Put(count))
        return renewed

    @staticmethod
    def _keys(table: Table, tenant_id: str) -> dict[str, Item]:
        prefix = api_key_entry(tenant_id)
        return {str(item[SK]).removeprefix(prefix.sk): item for item in table.partition(prefix)}
