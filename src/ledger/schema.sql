-- The ledger of ritardo. One table of entries that only grows; every row is bound to the one before by
-- its hash, no number is given twice, and no month of a business is invoiced twice.
CREATE TABLE entry (
    seq      INTEGER PRIMARY KEY CHECK (seq > 0),
    kind     TEXT NOT NULL,
    body     TEXT NOT NULL CHECK (json_valid(body)),
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL UNIQUE
) STRICT;

-- Texts and documents that entries name by their SHA-256: tariffs, configurations, canonical invoices.
CREATE TABLE content (
    sha256 TEXT PRIMARY KEY,
    bytes  BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_number ON entry (json_extract(body, '$.number'))
    WHERE kind IN ('invoice', 'credit_note', 'replacement');
CREATE UNIQUE INDEX one_replacement ON entry (json_extract(body, '$.corrects')) WHERE kind = 'replacement';
CREATE UNIQUE INDEX one_correction ON entry (json_extract(body, '$.business'), json_extract(body, '$.month'),
    json_extract(body, '$.correction')) WHERE kind = 'corrected';
CREATE UNIQUE INDEX one_settling ON entry (json_extract(body, '$.dispute')) WHERE kind = 'dispute_settled';
CREATE UNIQUE INDEX one_payment ON entry (json_extract(body, '$.key')) WHERE kind = 'payment';
CREATE UNIQUE INDEX one_invoice ON entry (json_extract(body, '$.business'), json_extract(body, '$.month'))
    WHERE kind = 'invoice';
CREATE UNIQUE INDEX one_closing ON entry (json_extract(body, '$.business'), json_extract(body, '$.month'))
    WHERE kind = 'month_closed';

CREATE TRIGGER entry_is_never_updated BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: an entry is never changed'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: an entry is never deleted'); END;
CREATE TRIGGER entry_follows_the_last BEFORE INSERT ON entry
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entry)
      OR NEW.previous IS NOT coalesce((SELECT hash FROM entry ORDER BY seq DESC LIMIT 1), '')
    BEGIN SELECT RAISE(ABORT, 'an entry must follow the last one'); END;
CREATE TRIGGER content_is_never_updated BEFORE UPDATE ON content
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: content is never changed'); END;
CREATE TRIGGER content_is_never_deleted BEFORE DELETE ON content
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows: content is never deleted'); END;

-- For people with a SQLite shell: one row a document, in the order of issue.
CREATE VIEW invoice AS
    SELECT json_extract(body, '$.number') AS number, kind, json_extract(body, '$.corrects') AS corrects,
           json_extract(body, '$.business') AS business,
           json_extract(body, '$.month') AS month, json_extract(body, '$.net') AS net,
           json_extract(body, '$.tax') AS tax, json_extract(body, '$.total') AS total,
           json_extract(body, '$.data_sha256') AS data_sha256,
           json_extract(body, '$.document_sha256') AS document_sha256, seq, hash
    FROM entry WHERE kind IN ('invoice', 'credit_note', 'replacement') ORDER BY seq;
