//! Where rows come from: queries, and files that workers read.

use spark_connect_proto as proto;

/// Where rows come from.
pub(super) type Relation = proto::Relation;

/// The rows of a query.
pub(super) fn sql(query: &str) -> Relation {
    let query = proto::Sql { query: query.to_owned(), ..proto::Sql::default() };
    relation(proto::relation::RelType::Sql(query))
}

/// The rows of logs, files and folders of Parquet.
pub(super) fn logs(paths: Vec<String>) -> Relation {
    // Files of one folder may differ in their columns: a column that only some have is no reason to drop it.
    files_of(paths, None, &["recursiveFileLookup", "mergeSchema"])
}

/// The files themselves, a row each: among others `path` and `content`.
pub(super) fn bytes_of(paths: Vec<String>) -> Relation {
    source(proto::read::DataSource { format: Some("binaryFile".to_owned()), paths, ..Default::default() })
}

/// The rows that were written into a folder, with the columns that it is parted by. With a schema it may be empty.
pub(super) fn written(folder: String, schema: Option<&str>) -> Relation {
    files_of(vec![folder], schema, &[])
}

fn files_of(paths: Vec<String>, schema: Option<&str>, options: &[&str]) -> Relation {
    source(proto::read::DataSource {
        format: Some("parquet".to_owned()),
        schema: schema.map(str::to_owned),
        options: options.iter().map(|name| ((*name).to_owned(), "true".to_owned())).collect(),
        paths,
        ..Default::default()
    })
}

fn source(source: proto::read::DataSource) -> Relation {
    let read_type = Some(proto::read::ReadType::DataSource(source));
    relation(proto::relation::RelType::Read(proto::Read { read_type, ..proto::Read::default() }))
}

fn relation(rel_type: proto::relation::RelType) -> Relation {
    Relation { rel_type: Some(rel_type), ..Relation::default() }
}
