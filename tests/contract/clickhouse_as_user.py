"""Run statements in the engine as a user of infra/clickhouse-server/users.d/setten.xml would: with the same profile,
constraints and grants. One is always connected as `default`, so that user's name is all that is changed. `setten` is
there under its own name as well, for the views that read with its rights: `default` may make them in its name.

`python -m tests.contract.clickhouse_as_user DIRECTORY USER`, with the environment that start.sh makes;
statements as a JSON list on stdin; answers a JSON list of [code, text]: 0 and the result as TSV, or ClickHouse's error
code and message. One process, one user.
"""

import copy
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from chdb import _chdb

USERS = Path(__file__).resolve().parents[2] / "infra" / "clickhouse-server" / "users.d" / "setten.xml"


def write_config(directory: Path, user: str) -> Path:
    """The server's configuration with `user` as the one who is connected; answers its path."""
    root = ET.parse(USERS).getroot()
    users, profiles = root.find("users"), root.find("profiles")
    assert users is not None
    assert profiles is not None
    setten, chosen = copy.deepcopy(users.find("setten")), users.find(user)
    assert setten is not None
    assert chosen is not None
    for other in list(users):
        users.remove(other)
    for one in (setten, chosen):
        for password in one.findall("password_sha256_hex"):
            one.remove(password)
        ET.SubElement(one, "password")
        users.append(one)
    chosen.tag = "default"
    if user == "setten":
        grants = chosen.find("grants")
        assert grants is not None
        ET.SubElement(grants, "query").text = "GRANT SET DEFINER ON setten"
    ET.SubElement(profiles, "default")
    ET.SubElement(ET.SubElement(root, "quotas"), "default")
    file = directory / f"users-{user}.xml"
    ET.ElementTree(root).write(file)
    config = directory / f"config-{user}.xml"
    config.write_text(
        "<clickhouse>"
        # As in the image's own config.xml.
        "<access_control_improvements><select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>"
        f"</access_control_improvements><users_config>{file}</users_config>"
        f"<user_directories><users_xml><path>{file}</path></users_xml></user_directories></clickhouse>",
        "utf-8",
    )
    return config


def main() -> None:
    directory, user = Path(sys.argv[1]), sys.argv[2]
    connection = _chdb.connect(f"{directory}/engine?config-file={write_config(directory, user)}")
    answers: list[tuple[int, str]] = []
    for statement in json.load(sys.stdin):
        try:
            answers.append((0, bytes(connection.query(statement, "TSV").bytes()).decode()))
        except RuntimeError as error:
            found = re.match(r"Code: (\d+)", str(error))
            answers.append((int(found[1]) if found else -1, str(error)))
    connection.close()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
