-- Version 3: credit notes, invoices in place of others, corrections of months, disputes.
DROP INDEX IF EXISTS one_number;
CREATE UNIQUE INDEX one_number ON entry (json_extract(body, '$.number'))
    WHERE kind IN ('invoice', 'credit_note', 'replacement');
CREATE UNIQUE INDEX one_replacement ON entry (json_extract(body, '$.corrects')) WHERE kind = 'replacement';
CREATE UNIQUE INDEX one_correction ON entry (json_extract(body, '$.business'), json_extract(body, '$.month'),
    json_extract(body, '$.correction')) WHERE kind = 'corrected';
CREATE UNIQUE INDEX one_settling ON entry (json_extract(body, '$.dispute')) WHERE kind = 'dispute_settled';
CREATE UNIQUE INDEX IF NOT EXISTS one_payment ON entry (json_extract(body, '$.key')) WHERE kind = 'payment';
DROP VIEW IF EXISTS invoice;
-- For people with a SQLite shell: one row a document, in the order of issue.
CREATE VIEW invoice AS
    SELECT json_extract(body, '$.number') AS number, kind, json_extract(body, '$.corrects') AS corrects,
           json_extract(body, '$.business') AS business,
           json_extract(body, '$.month') AS month, json_extract(body, '$.net') AS net,
           json_extract(body, '$.tax') AS tax, json_extract(body, '$.total') AS total,
           json_extract(body, '$.data_sha256') AS data_sha256,
           json_extract(body, '$.document_sha256') AS document_sha256, seq, hash
    FROM entry WHERE kind IN ('invoice', 'credit_note', 'replacement') ORDER BY seq;
