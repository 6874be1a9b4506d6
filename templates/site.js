(function () {
  "use strict";
  var words = document.body.dataset;
  var comma = document.documentElement.lang === "it" ? "," : ".";

  // The first number of a cell, however it is written; what has none comes first.
  function number(text) {
    var found = /-?[0-9][0-9.,]*/.exec(text);
    return found ? parseFloat(plain(found[0]).replace(",", ".")) : -Infinity;
  }

  // Without signs between thousands: a spreadsheet in the language of the page reads it as a number.
  function plain(digits) {
    return digits.split(comma === "," ? "." : ",").join("");
  }

  function text(cell) {
    return cell ? cell.textContent.replace(/\u00ad/g, "").replace(/\s+/g, " ").trim() : "";
  }

  function rows(table) {
    return Array.prototype.slice.call(table.tBodies[0].rows);
  }

  function sort(table, head, place) {
    var down = head.classList.contains("n");
    var now = head.getAttribute("aria-sort");
    if (now) { down = now === "ascending"; }
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell) { cell.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var is_number = head.classList.contains("n");
    var keyed = rows(table).map(function (row, index) {
      var cell = text(row.cells[place]);
      return { row: row, index: index, key: is_number ? number(cell) : cell };
    });
    keyed.sort(function (a, b) {
      var order = is_number ? (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) : a.key.localeCompare(b.key);
      return (down ? -order : order) || a.index - b.index;
    });
    keyed.forEach(function (one) { table.tBodies[0].appendChild(one.row); });
  }

  function filter(table, wanted, output) {
    var shown = 0, all = rows(table);
    wanted = wanted.trim().toLowerCase();
    all.forEach(function (row) {
      row.hidden = wanted !== "" && text(row).toLowerCase().indexOf(wanted) < 0;
      if (!row.hidden) { shown += 1; }
    });
    var said = words.rows.replace("{some}", shown).replace("{all}", all.length);
    output.textContent = wanted === "" ? "" : said + (table.tFoot ? "; " + words.sums : "");
  }

  // RFC 4180. A number is written as one; of all else what a spreadsheet would take for a formula gets an apostrophe.
  function quoted(cell) {
    var value = text(cell);
    if (/^-?[0-9][0-9.,]*$/.test(value)) { value = cell.classList.contains("n") ? plain(value) : value; }
    else if (/^[=+\-@\t\r]/.test(value)) { value = "'" + value; }
    return '"' + value.split('"').join('""') + '"';
  }

  function line(row) {
    return Array.prototype.map.call(row.cells, quoted).join(comma === "," ? ";" : ",");
  }

  // With the mark by which spreadsheets know UTF-8.
  function csv(table) {
    var lines = rows(table).filter(function (row) { return !row.hidden; });
    lines.unshift(table.tHead.rows[0]);
    return "\ufeff" + lines.map(line).join("\r\n") + "\r\n";
  }

  // Folder, page and table: tables of several pages are saved beside each other.
  function file(table) {
    var place = location.pathname.replace(/\.html$/, "").split("/").slice(-2).concat(table.dataset.name);
    return place.join("_").replace(/[^A-Za-z0-9_-]+/g, "-") + ".csv";
  }

  function download(table) {
    var link = document.createElement("a");
    var address = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv;charset=utf-8" }));
    link.href = address;
    link.download = file(table);
    document.body.appendChild(link);
    link.click();
    link.remove();
    setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
  }

  function button(label, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  }

  function equip(table) {
    var name = table.dataset.name, tools = document.createElement("div");
    tools.className = "tools";
    if (rows(table).length > 7) {
      var label = document.createElement("label"), input = document.createElement("input");
      var output = document.createElement("output");
      input.type = "search";
      input.id = "filter-" + name;
      label.htmlFor = input.id;
      label.textContent = words.filter;
      input.addEventListener("input", function () { filter(table, input.value, output); });
      tools.append(label, input, output);
    }
    var save = button(words.download, function () { download(table); });
    var region = table.parentNode.getAttribute("aria-label") || name;
    save.setAttribute("aria-label", words.download + ": " + region);
    tools.append(save);
    table.parentNode.parentNode.insertBefore(tools, table.parentNode);
    // Times in several units are in their order already.
    if (table.dataset.fixed) { return; }
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, place) {
      var title = head.textContent;
      head.textContent = "";
      var sorter = button(title, function () { sort(table, head, place); });
      sorter.title = words.sort;
      head.append(sorter);
    });
  }

  Array.prototype.forEach.call(document.querySelectorAll("table[data-name]"), equip);
})();
