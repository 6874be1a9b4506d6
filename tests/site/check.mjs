// Opens every page of a site in a browser: no error, every link leads somewhere, tables sort, filter and download, axe finds
// nothing serious, and the sums in the pages are those of the ledger.
//
//     node check.mjs SITE [SUMS.json] [PICTURES]
//
// SITE_SECRETS is a file with a line for each text that no page may have: ids of messages. SITE_BUSINESSES has the ids of all
// businesses: a page of one names no other.
//
// SUMS.json is what `tests/site/run` takes from the ledger. PICTURES is a folder that pictures of some pages go to.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [site, sums, pictures] = process.argv.slice(2);
const require = createRequire(join(process.env.SITE_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const failures = [];
const fail = (page, what) => failures.push(`${page}: ${what}`);

function pages(folder) {
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return pages(path);
    return name.endsWith(".html") ? [path] : [];
  });
}

// What a page says that it is, when its script has equipped it.
async function open(browser, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && fail(path, `console: ${message.text()}`));
  page.on("pageerror", (error) => fail(path, `error: ${error.message}`));
  page.on("request", (request) => {
    if (!["file:", "blob:", "data:"].includes(new URL(request.url()).protocol)) fail(path, `it asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(path).href);
  return [context, page];
}

async function links(page, path) {
  const found = await page.$$eval("a[href]", (all) => all.map((link) => link.href));
  for (const address of new Set(found)) {
    const target = new URL(address);
    if (target.protocol !== "file:") { fail(path, `${address} is no file`); continue; }
    const file = fileURLToPath(new URL(target.pathname, "file://"));
    // Of a parted site most pages of businesses were taken away.
    const is_away = process.env.SITE_PARTED && /shop-\d+\.html$/.test(file);
    if (!existsSync(file) && !is_away) fail(path, `${address} leads nowhere`);
    if (target.hash && file === resolve(path) && !(await page.$(`[id="${target.hash.slice(1)}"]`))) fail(path, `${address} has no place`);
  }
}

async function accessible(page, path, what) {
  // A table that is folded away is read too.
  await page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, impact, nodes } of violations.filter((one) => ["serious", "critical"].includes(one.impact))) {
    fail(path, `axe (${what}): ${id}, ${impact}: ${nodes[0].html.slice(0, 160)}`);
  }
}

const lines = (path) => (path ? readFileSync(path, "utf8").split("\n").filter(Boolean) : []);
const secrets = lines(process.env.SITE_SECRETS);
const businesses = lines(process.env.SITE_BUSINESSES);

function silent(path, inside) {
  const said = readFileSync(path, "utf8");
  for (const secret of secrets) if (said.includes(secret)) fail(path, `it names ${secret}`);
  const own = /^(?:\d{4}-\d\d|business)\/([^_]+)\.html$/.exec(inside)?.[1];
  if (!own) return;
  for (const other of businesses) if (other !== own && said.includes(other)) fail(path, `it names ${other}`);
  if (inside.startsWith("2") && /`ritardo |<code>ritardo /.test(said)) fail(path, "it has a command");
}

const cells = (page, table, place) =>
  page.$$eval(`table[data-name="${table}"] > tbody > tr:not([hidden])`, (rows, place) => rows.map((row) => row.cells[place].textContent), place);

async function sorts(page, path) {
  const tables = await page.$$eval("table[data-name]:not([data-fixed])", (all) =>
    all.map((table) => ({
      name: table.dataset.name,
      rows: table.tBodies[0].rows.length,
      heads: Array.from(table.tHead.rows[0].cells, (cell) => cell.classList.contains("n")),
    })));
  const thousands = (await page.getAttribute("html", "lang")) === "it" ? "." : ",";
  for (const { name, rows, heads } of tables) {
    const place = heads.indexOf(true);
    if (place < 0 || rows < 2) continue;
    const button = page.locator(`table[data-name="${name}"] thead th`).nth(place).locator("button");
    const number = (text) => { const found = /-?[0-9][0-9.,]*/.exec(text); return found ? parseFloat(found[0].replaceAll(thousands, "").replace(",", ".")) : -Infinity; };
    const before = (await cells(page, name, place)).slice().sort();
    for (const [direction, wrong] of [["descending", (a, b) => a < b], ["ascending", (a, b) => a > b]]) {
      await button.focus();
      await page.keyboard.press("Enter");
      const now = await cells(page, name, place);
      const order = now.map(number);
      if (order.some((value, index) => index > 0 && wrong(order[index - 1], value))) fail(path, `${name} is not sorted ${direction}`);
      if (now.slice().sort().join() !== before.join()) fail(path, `${name} has lost a row`);
      const said = await page.locator(`table[data-name="${name}"] thead th`).nth(place).getAttribute("aria-sort");
      if (said !== direction) fail(path, `${name} says that it is ${said}`);
    }
    const filter = page.locator(`[id="filter-${name}"]`);
    if (await filter.count()) {
      const wanted = (await cells(page, name, 0))[0].replace(/\s+/g, " ").trim();
      await filter.fill(wanted);
      const shown = await cells(page, name, 0);
      if (!shown.length || shown.some((text) => !text.replace(/\s+/g, " ").includes(wanted))) fail(path, `${name} is not filtered by ${wanted}`);
      await filter.fill("");
      if ((await cells(page, name, 0)).length !== rows) fail(path, `${name} does not come back`);
    }
  }
}

async function downloads(page, path) {
  // The tables that have words of others, and the first; a browser does not give so many files at once as a page has tables.
  const names = await page.$$eval(".tools", (all) => all.map((tools) => tools.nextElementSibling.querySelector("table").dataset.name));
  const worded = ["open", "businesses", "documents", "after", "adjustments", "rejected", "set-aside", "months", "run"];
  for (const [place, name] of names.entries()) {
    if (place === 0 || worded.includes(name)) await saved(page, path, page.locator(".tools").nth(place).locator("button"));
  }
}

async function saved(page, path, button) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 30000 }), button.click()]);
  const text = readFileSync(await download.path(), "utf8");
  if (!download.suggestedFilename().endsWith(".csv") || text.split("\r\n").length < 3) fail(path, "the CSV is empty");
  if (!text.startsWith("\ufeff")) fail(path, "the CSV does not say that it is UTF-8");
  // What a spreadsheet would compute.
  for (const [, cell] of text.replace("\ufeff", "").matchAll(/"((?:[^"]|"")*)"/g)) {
    if (/^[=+\-@\t\r]/.test(cell) && !/^-[0-9][0-9.,]*$/.test(cell)) fail(path, `the CSV has a formula: ${cell}`);
  }
}

// Without script a page has every word, and no tool that would do nothing.
async function without_script(browser, path, words) {
  const [context, page] = await open(browser, path, { javaScriptEnabled: false });
  const text = await page.locator("main").textContent();
  if (text.length < words * 0.9) fail(path, "without script it says less");
  if (await page.locator(".tools").count()) fail(path, "without script it has tools");
  await context.close();
}

async function compare(page, path, wanted) {
  for (const [key, value] of Object.entries(wanted)) {
    const cell = page.locator(`[data-sum="${key}"]`).first();
    const said = (await cell.count()) ? await cell.getAttribute("data-value") : null;
    if (said === null || Math.abs(parseFloat(said) - value) > 1e-9) fail(path, `${key} is ${said}, and ${value} in the ledger`);
    // What is printed is the same number.
    const lang = await page.getAttribute("html", "lang");
    const text = said === null ? "" : (await cell.textContent()).replace(/[^0-9.,-]/g, "");
    const printed = lang === "it" ? text.replaceAll(".", "").replace(",", ".") : text.replaceAll(",", "");
    if (said !== null && parseFloat(printed) !== parseFloat(said)) fail(path, `${key} is printed as ${printed}`);
  }
}

async function pictured(browser, path, name) {
  for (const [what, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["phone", { viewport: { width: 390, height: 844 } }]]) {
    const [context, page] = await open(browser, path, options);
    await page.screenshot({ path: join(pictures, `${name}-${what}.png`), fullPage: true });
    if (what === "light") await page.pdf({ path: join(pictures, `${name}-print.pdf`), preferCSSPageSize: true });
    // A page as wide as its window: only what says so can be scrolled.
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (what === "phone" && wide > 1) fail(path, `on a phone it is ${wide} pixels too wide`);
    await context.close();
  }
}

// The page of all months and that of a month count the same, also where corrections came after the closing.
async function alike(browser, path) {
  const [context, page] = await open(browser, path);
  const rows = await page.$$eval('table[data-name="months"] > tbody > tr', (rows) => rows.map((row) => ({
    href: row.cells[0].querySelector("a")?.href,
    waits: row.cells[3].textContent.trim(),
    charged: row.cells[9].firstChild.textContent.trim(),
  })));
  for (const { href, waits, charged } of rows.filter((row) => row.href && !row.href.includes("/business/"))) {
    await page.goto(href);
    for (const [key, said] of [["waits", waits], ["charged", charged]]) {
      const cell = page.locator(`[data-sum="${key}"]`).first();
      const own = (await cell.count()) ? (await cell.textContent()).trim() : said;
      if (own !== said) fail(path, `${key} are ${said}, and ${own} on ${href}`);
    }
  }
  await context.close();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const ledger = sums ? JSON.parse(readFileSync(sums, "utf8")) : {};
const all = pages(site);
if (!all.length) fail(site, "there is no page");
if (pictures) mkdirSync(pictures, { recursive: true });
for (const path of all) {
  const [context, page] = await open(browser, path, { acceptDownloads: true });
  await links(page, path);
  await accessible(page, path, "light");
  const words = (await page.locator("main").textContent()).length;
  await sorts(page, path);
  await downloads(page, path);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page, path, "dark");
  const inside = path.slice(site.length).replace(/^\//, "");
  silent(path, inside);
  if (ledger[inside]) await compare(page, path, ledger[inside]);
  await context.close();
  await without_script(browser, path, words);
  if (pictures && !inside.includes("_")) await pictured(browser, path, inside.replace(/\.html$/, "").replaceAll("/", "-"));
}
if (existsSync(join(site, "index.html"))) await alike(browser, join(site, "index.html"));
for (const inside of Object.keys(ledger).filter((name) => !all.includes(join(site, name)))) fail(inside, "there is no such page");
await browser.close();
failures.forEach((failure) => console.log(failure));
console.log(`${all.length} pages, ${failures.length} failures`);
process.exit(failures.length ? 1 : 0);
