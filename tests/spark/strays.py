"""Strays: messages under a name that is not the owner's of their channel, made of the owner's messages."""

from exports import DAY, HOUR, SECOND, happened

KINDS = ["unknown channel", "another business", "another spelling", "sides changed", "a channel as customer"]
OF_WEBHOOKS = ["unknown channel", "another spelling", "a channel as customer"]


class Strays:
    """What strays in a life: which kinds, how often, and of which channels."""

    def __init__(self, dice):
        self.dice, self.number = dice, 0
        self.share = dice.choice([0, 0, 0.004, 0.02, 0.1])
        self.kinds = dice.sample(KINDS, dice.choice([1, 2, 5]))

    def of(self, row, form, channels, businesses):
        """What strays at a message: the rows of it, and whether the owner's row stays."""
        dice = self.dice
        kinds = [kind for kind in self.kinds if form != "webhook" or kind in OF_WEBHOOKS]
        if not kinds or dice.random() >= self.share:
            return [], True
        kind, stray, stays = dice.choice(kinds), dict(row), True
        luck = dice.random()
        if luck < 0.35 or row["direction"] == "inbound":
            self.number += 1
            stray["message_id"] = f"s{self.number}"
            if row["direction"] == "inbound" and dice.random() < 0.8:
                stray.update(direction="outbound", entry_point="", status="sent", signs=[("sent", 0)])
                stray["sent_at"] += dice.choice([0, 1, -1, SECOND, HOUR, 3 * HOUR, 30 * HOUR, DAY])
            what = "of its own"
        elif luck < 0.7:
            stays, what = False, "instead of the owner's"
        else:
            stray["sent_at"] += dice.choice([0, 0, 0, SECOND, -HOUR, 3 * HOUR])
            what = "with the owner's id"
        if stray["direction"] == "outbound" and dice.random() < 0.12:
            stray.update(status="failed", signs=[("failed", 0)])
            what = "that failed"
        self.name(stray, kind, form, channels, businesses)
        if stray["channel"] == row["channel"] and stray["business"] == row["business"]:
            return [], True
        stray["stray"] = [kind, what] + ["inbound"] * (stray["direction"] == "inbound")
        return [stray], stays

    def name(self, stray, kind, form, channels, businesses):
        dice, channel = self.dice, stray["channel"]
        unknown = dice.choice(["+390994440", "+390994441", "+390994442" if form == "webhook" else "a line"])
        if kind == "unknown channel":
            stray["channel"] = unknown
            if dice.random() < 0.3:
                stray["business"] = "business-9"
        elif kind == "another business":
            stray["business"] = dice.choice([*businesses, "business-9"])
        elif kind == "another spelling":
            if channel.strip("+").isdigit():
                digits = channel.strip("+")
                spelled = ["00" + digits, "+00" + digits] + [digits if "+" in channel else "+" + digits]
                if form != "webhook":
                    spelled += [f"+{digits[:2]} {digits[2:5]}-{digits[5:]}", f"({digits[:3]}) {digits[3:]}"]
                stray["channel"] = dice.choice(spelled)
        elif kind == "sides changed":
            customer = stray["customer"]
            is_plain = channel.strip("+").isdigit() and dice.random() < 0.5
            business = channel.strip("+") if is_plain else channel
            stray.update(business=business, channel=customer, customer=channel)
            if dice.random() < 0.5 and stray["direction"] == "inbound":
                stray.update(direction="outbound", entry_point="", status="sent", signs=[("sent", 0)])
        else:
            stray.update(channel=unknown, customer=dice.choice([channel, *channels]))
            if dice.random() < 0.5:
                stray["business"] = dice.choice([*businesses, "business-9"])


def count(row, form, since, until):
    """Counts what strays of what was written."""
    for word in row.get("stray", []):
        happened[f"strays: {word}"] += 1
    if form == "webhook" and "stray" not in row:
        happened["strays: webhooks before their time"] += since is not None and row["sent_at"] < since
        happened["strays: webhooks after their time"] += until is not None and row["sent_at"] >= until
