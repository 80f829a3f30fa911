"""Bring the devices of a real Infrahub to a number: `grow.py BOLT_PORT DEVICES`, run by Infrahub's own Python.

Through the API a device takes a quarter of a second. This copies the one that objects.yml has, straight in the
database: its vertex, a vertex per attribute with a value of its own where it has to differ, and one per relation.
"""

import ipaddress
import sys
import uuid
from datetime import datetime, timedelta, timezone

import neo4j

SEED = "seed"
SITES = 4
BATCH = 500
SHARED = ("role",)
"""The attributes whose value is the seed's own vertex, as it is for equal values in Infrahub."""

OLD = "MATCH (node:BenchDevice|BenchSite) SET node.created_at = $stamp, node.updated_at = $stamp"
"""A probe looks back some minutes: as if all had been there for long."""
COUNT = "MATCH (device:BenchDevice) RETURN count(device) AS devices"

DEVICES = """
MATCH (:AttributeValue {value: $seed})<-[:HAS_VALUE]-(:Attribute {name: 'name'})<-[:HAS_ATTRIBUTE]-(device:BenchDevice)
MATCH (device)-[part:IS_PART_OF]->(root)
UNWIND $copies AS copy
CREATE (made:Node:CoreNode:BenchDevice)-[joined:IS_PART_OF]->(root)
SET made = properties(device), made.uuid = copy.id, joined = properties(part)
RETURN DISTINCT device.uuid AS seed
"""
ATTRIBUTES = """
MATCH (:Node {uuid: $seed})-[has:HAS_ATTRIBUTE]->(of)-[is:HAS_VALUE]->(value), (of)-[protects:IS_PROTECTED]->(flag)
WHERE of.name IN $shared = $sharing AND has.to IS NULL AND is.to IS NULL AND protects.to IS NULL
UNWIND $copies AS copy
MATCH (made:Node {uuid: copy.id})
CREATE (made)-[h:HAS_ATTRIBUTE]->(attribute:Attribute)-[p:IS_PROTECTED]->(flag)
SET h = properties(has), p = properties(protects), attribute = properties(of), attribute.uuid = randomUUID()
"""
ITS_OWN = """
CREATE (attribute)-[i:HAS_VALUE]->(own:$(labels(value)))
SET i = properties(is), own = properties(value), own += copy.values[of.name]
"""
THE_SEEDS = """
CREATE (attribute)-[i:HAS_VALUE]->(value)
SET i = properties(is)
"""
SITE = """
MATCH (:Node {uuid: $seed})-[near:IS_RELATED]->(of:Relationship {name: 'benchdevice__benchsite'})<-[far:IS_RELATED]-(),
  (of)-[protects:IS_PROTECTED]->(flag)
UNWIND $copies AS copy
MATCH (made:Node {uuid: copy.id})
MATCH (:AttributeValue {value: copy.site})<-[:HAS_VALUE]-(:Attribute {name: 'name'})<-[:HAS_ATTRIBUTE]-(site:BenchSite)
CREATE (made)-[n:IS_RELATED]->(relation:Relationship)<-[f:IS_RELATED]-(site), (relation)-[p:IS_PROTECTED]->(flag)
SET n = properties(near), f = properties(far), p = properties(protects)
SET relation = properties(of), relation.uuid = randomUUID()
"""


def copy(number: int) -> dict[str, object]:
    """Describe a device: its id, its site, and what its values have of their own."""
    name, address = f"device{number:07}", ipaddress.IPv4Address("10.0.0.0") + number
    values = {
        "name": {"value": name},
        "display_label": {"value": name},
        "human_friendly_id": {"value": f'["{name}"]'},
        "serial": {"value": f"SN{number:010}"},
        "address": {"value": f"{address}/32", "binary_address": f"{int(address):032b}"},
    }
    return {"id": str(uuid.uuid4()), "site": f"site{number % SITES}", "values": values}


def main(port: str, devices: int) -> None:
    """Add what is missing."""
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{port}", auth=("neo4j", "none")) as database:
        there = database.execute_query(COUNT).records[0]["devices"]
        for start in range(there, devices, BATCH):
            copies = [copy(number) for number in range(start + 1, min(start + BATCH, devices) + 1)]
            seed = database.execute_query(DEVICES, seed=SEED, copies=copies).records[0]["seed"]
            for sharing, values in ((False, ITS_OWN), (True, THE_SEEDS)):
                database.execute_query(ATTRIBUTES + values, seed=seed, copies=copies, shared=SHARED, sharing=sharing)
            database.execute_query(SITE, seed=seed, copies=copies)
        stamp = (datetime.now(timezone.utc) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        database.execute_query(OLD, stamp=stamp)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
