// The sums of a month as the ledger has them: what a run recorded, and what `status` reads back.
//
//     node sums.mjs RUN.json STATUS.json MONTH
import { readFileSync } from "node:fs";

const [run, status] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, "utf8")));
const month = process.argv[4];
const closed = run.closed.filter((one) => one.month === month);
const sum = (of) => closed.reduce((all, one) => all + of(one), 0);
// Exact to nine places.
const exact = (texts) => texts.reduce((all, text) => all + BigInt(Math.round(parseFloat(text.replace(/[^0-9.-]/g, "")) * 1e9)), 0n);
const decimal = (units) => Number(units) / 1e9;
const of_month = (key) => exact(status.months.filter((row) => row.month === month && row[key]).map((row) => row[key]));
// What a later invoice is to bill no document bills yet.
const standing = decimal(of_month("net") - of_month("carried"));

console.log(JSON.stringify({
  [`${month}.html`]: {
    waits: sum((one) => one.verdicts.waits),
    on_time: sum((one) => one.verdicts.on_time),
    late: sum((one) => one.verdicts.late),
    unanswered: sum((one) => one.verdicts.unanswered),
    open: sum((one) => one.verdicts.pending + one.verdicts.held),
    charged: sum((one) => one.charges),
    amount: decimal(exact(closed.map((one) => String(one.exact)))),
    issued: decimal(exact(closed.filter((one) => one.invoice).map((one) => one.invoice.net))),
    standing,
  },
}));
