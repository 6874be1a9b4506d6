"""The mails of the sample through a real server. Started by `run`, which starts the server.

Each case is the sample month anew, with another road for its mails. Prints a line for each check; 1 where any falls short.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

AS_OF = ["--as-of", "2018-09-05T00:00:00Z"]
LATER = ["--as-of", "2018-09-06T00:00:00Z"]
SENDER = "billing@late-reply.example"
# What a server writes above a mail on its way into a mailbox.
TRACE = (b"return-path:", b"x-original-to:", b"delivered-to:", b"received:")

checked = short = 0


def say(what, problems):
    global checked, short
    checked += 1
    short += bool(problems)
    print(f"{'no ' if problems else 'ok '} {what}", *[f"\n     {problem}" for problem in problems], flush=True)


def wanted(what, found, expected):
    say(what, [] if found == expected else [f"{found!r} instead of {expected!r}"])


class Server:
    def __init__(self, folder):
        self.folder = folder
        lines = (folder / "ports").read_text().split()
        self.ports = dict((name, int(port)) for name, port in (line.split("=") for line in lines))
        self.password = (folder / "password").read_text()
        self.log_from = 0

    def boxes(self, addresses):
        """Empties all mailboxes, and has one for each address. Processes of the server read their names as they start."""
        for box in (self.folder / "maildirs").iterdir():
            shutil.rmtree(box)
        (self.folder / "mailboxes").write_text("".join(f"{address} {address}/\n" for address in addresses))
        subprocess.run(["postfix", "-c", self.folder, "reload"], check=True, capture_output=True)

    def log(self):
        """What was logged since this was last asked for, or since the case began."""
        text = (self.folder / "maillog").read_text()
        fresh, self.log_from = text[self.log_from :], len(text)
        return fresh

    def settle(self):
        """Until the queue is empty: every mail lies in a mailbox, or was sent back."""
        for _ in range(300):
            queued = subprocess.run(["postqueue", "-c", self.folder, "-j"], capture_output=True, text=True)
            if queued.returncode == 0 and not queued.stdout.strip():
                return
            time.sleep(0.1)
        sys.exit(f"the queue does not become empty:\n{queued.stdout}{queued.stderr}")

    def mails(self, address):
        """The mails of a mailbox."""
        box = self.folder / "maildirs" / address
        return [path.read_bytes() for path in sorted([*box.glob("new/*"), *box.glob("cur/*")])]


class Case:
    """The sample in a folder of its own, its mails to be sent to `port`."""

    def __init__(self, name, program, sample, folder, server, port, tls, password=None, ca="ca.pem"):
        self.name, self.program, self.server, self.folder = name, program, server, folder / name
        shutil.copytree(sample, self.folder, ignore=shutil.ignore_patterns("state"))
        secret = self.folder / "password"
        secret.write_text(server.password if password is None else password)
        secret.chmod(0o600)
        road = f"""transport = "smtp"
host = "localhost"
port = {server.ports[port]}
tls = "{tls}"
user = "billing@mx.ritardo.test"
password_file = "password"
ca_file = "{server.folder / ca}"
"""
        config = self.folder / "ritardo.toml"
        config.write_text(config.read_text().replace('transport = "file"\n', road))
        server.log()

    def ritardo(self, *words):
        command = [self.program, *words, "--config", self.folder / "ritardo.toml"]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True)

    def frozen(self):
        """Every mail of the case as it was stored, by its address."""
        found = {}
        for path in sorted((self.folder / "state/issued").glob("*/*.eml")):
            mail = path.read_bytes()
            address = re.search(rb"^To: (\S+)\r$", mail, re.M).group(1).decode()
            found.setdefault(address, []).append(mail)
        return found


def without_trace(mail):
    """A delivered mail as it was sent: without what the server wrote above it, in lines that end with CRLF."""
    lines = mail.split(b"\n")
    at = 0
    while lines[at].lower().startswith(TRACE) or (at and lines[at][:1] in (b" ", b"\t")):
        at += 1
    return b"\r\n".join(lines[at:])


def delivered(case, addresses):
    """Each mail lies in its mailbox once, and its bytes are those that were stored before it was sent."""
    case.server.settle()
    frozen = case.frozen()
    wanted(f"{case.name}: the mails have the addresses of the book", sorted(frozen), sorted(addresses))
    for address, mails in frozen.items():
        there = [hashlib.sha256(without_trace(mail)).hexdigest() for mail in case.server.mails(address)]
        stored = [hashlib.sha256(mail).hexdigest() for mail in mails]
        wanted(f"{case.name}: {address} has each mail once, byte by byte", sorted(there), sorted(stored))


def sent(make, addresses):
    """Both roads with TLS and login."""
    for name, port, tls in (("implicit-tls", "tls", "implicit"), ("starttls", "starttls", "starttls")):
        case = make(name, port, tls)
        case.server.boxes([*addresses, SENDER])
        run = case.ritardo("run", *AS_OF)
        wanted(f"{name}: exit code", (run.returncode, run.stderr), (0, ""))
        wanted(f"{name}: the mails are sent", "\nmail      4 sent\n" in run.stdout, True)
        delivered(case, addresses)
        log = case.server.log()
        wanted(f"{name}: TLS, and the login of each connection", "TLSv1.3" in log and "sasl_username=billing" in log, True)
        again = case.ritardo("run", *LATER)
        wanted(f"{name}: nothing is sent again", (again.returncode, "nothing   to do" in again.stdout), (0, True))
        delivered(case, addresses)


def wrong_password(make, addresses):
    for name, port, tls in (("password-tls", "tls", "implicit"), ("password-starttls", "starttls", "starttls")):
        case = make(name, port, tls, password="not the password")
        case.server.boxes([*addresses, SENDER])
        run = case.ritardo("run", *AS_OF)
        wanted(f"{name}: exit code", run.returncode, 78)
        wanted(f"{name}: the login is named", "does not accept the login" in run.stderr and "535" in run.stderr, True)
        wanted(f"{name}: the password is not", "not the password" in run.stdout + run.stderr, False)
        log = case.server.log()
        wanted(f"{name}: one login is tried, and no more", log.count("authentication failed"), 1)
        wanted(f"{name}: nothing is delivered", [case.server.mails(address) for address in addresses], [[]] * 4)


def wrong_authority(make, addresses):
    """The server cannot prove who it is: no login, no mail."""
    for name, port, tls in (("authority-tls", "tls", "implicit"), ("authority-starttls", "starttls", "starttls")):
        case = make(name, port, tls, ca="other-ca.pem")
        case.server.boxes([*addresses, SENDER])
        run = case.ritardo("run", *AS_OF)
        # The mails wait: nobody needs to get up for it yet, and it is said.
        said = "warning: 4 mails wait, the first since 2018-09-05T00:00:00.000Z: " in run.stderr
        wanted(f"{name}: exit code, and a warning", (run.returncode, said), (0, True))
        wanted(f"{name}: the certificate is named", "its certificate is of no authority that is trusted" in run.stdout, True)
        listed = json.loads(case.ritardo("mail", "list", "--format", "json", *AS_OF).stdout)["mails"]
        states = sorted(mail["state"] for mail in listed)
        wanted(f"{name}: one attempt is made, and all wait", states, ["deferred", "queued", "queued", "queued"])
        log = case.server.log()
        commands = re.findall(r"disconnect from localhost\[127.0.0.1\] (.*)", log)
        tried = [words for words in commands if "auth" in words or "mail" in words]
        wanted(f"{name}: the server heard no login and no mail", (bool(commands), tried), (True, []))
        case.server.settle()
        wanted(f"{name}: nothing is delivered", [case.server.mails(address) for address in addresses], [[]] * 4)


def refused(make, addresses):
    """A server that knows at once that there is no such mailbox."""
    case = make("refused", "strict", "implicit")
    case.server.boxes([*addresses[1:], SENDER])
    run = case.ritardo("run", *AS_OF)
    wanted("refused: exit code", run.returncode, 65)
    wanted("refused: the others are sent", "mail      3 sent, 1 refused" in run.stdout, True)
    wanted("refused: the words of the server are told", "is refused: RCPT: 550 5.1.1" in run.stderr, True)
    case.server.settle()
    wanted("refused: nothing comes back", case.server.mails(SENDER), [])


def bounced(make, addresses):
    """A server that takes the mail and sends it back."""
    case = make("bounced", "tls", "implicit")
    gone, others = addresses[0], addresses[1:]
    case.server.boxes([*others, SENDER])
    run = case.ritardo("run", *AS_OF)
    wanted("bounced: the server has taken all", (run.returncode, "mail      4 sent" in run.stdout), (0, True))
    case.server.settle()
    reports = case.server.mails(SENDER)
    wanted("bounced: one report comes back", len(reports), 1)
    # The server was asked to name the envelope, and to give nothing but the headers back.
    named = re.search(rb"^Original-Envelope-Id: [0-9a-f]{16}\.LR-2018-\d{6}\.1@late-reply\.example\r?$", b"".join(reports), re.M)
    wanted("bounced: it names the envelope", bool(named), True)
    wanted("bounced: it gives the headers back", b"text/rfc822-headers" in b"".join(reports), True)
    maildir = case.server.folder / "maildirs" / SENDER
    before = {path: path.read_bytes() for path in maildir.rglob("*") if path.is_file()}
    told = case.ritardo("bounces", maildir, "--format", "json", *LATER)
    wanted("bounced: exit code", told.returncode, 65)
    rows = json.loads(told.stdout)["recipients"] if told.stdout.startswith("{") else told.stderr
    found = [(row["said"], row["to"], row["status"], row["unproved"]) for row in rows] if isinstance(rows, list) else rows
    wanted("bounced: the report marks the mail", found, [("bounced", gone, "5.1.1", False)])
    again = case.ritardo("bounces", maildir, *LATER)
    wanted("bounced: the same report adds nothing", (again.returncode, "1 bounce heard before" in again.stdout), (0, True))
    after = {path: path.read_bytes() for path in maildir.rglob("*") if path.is_file()}
    wanted("bounced: the maildir is as it was", after == before, True)
    wanted("bounced: the ledger verifies", case.ritardo("verify").returncode, 0)


def main(program, sample, folder):
    folder = pathlib.Path(folder)
    server = Server(folder / "server")
    book = (pathlib.Path(sample) / "businesses.toml").read_text()
    addresses = [address for listed in re.findall(r"^emails = \[(.*)\]", book, re.M) for address in re.findall(r'"([^"]+)"', listed)]

    def make(name, port, tls, **more):
        return Case(name, program, sample, folder, server, port, tls, **more)

    for group in (sent, wrong_password, wrong_authority, refused, bounced):
        group(make, addresses)
    print(f"{checked} checks, {short} fell short")
    return 1 if short else 0


sys.exit(main(*sys.argv[1:]))
