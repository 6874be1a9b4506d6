//! A session of the cluster: what is asked of it, and how an answer is waited for.
//!
//! The client's own calls take the end of a stream for the end of an answer. A server ends a stream after two minutes, and
//! after a gigabyte, whether the answer is whole or not: so an answer is followed here until the server says that it is.

use std::time::Duration;

use spark_connect_core::{
    ChannelBuilder, ExecutePlanResponseReattachableIterator, SparkConnectClient, SparkError, block_on,
};
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_response::ResponseType;

use super::row::{Row, rows};
use super::{ClusterError, Progress};
use crate::domain::columns;

/// More of what a server says is of no use.
const SAID_MAX: usize = 600;
/// gRPC's `UNAVAILABLE`, and what a server says of a stream that it has left.
const UNAVAILABLE: i32 = 14;
const DISCONNECTED: &str = "INVALID_CURSOR.DISCONNECTED";
/// Between two tries to hear of an answer again, and how many of them in a row may hear nothing.
const PAUSE: Duration = Duration::from_secs(1);
const TRIES: u32 = 60;

/// What the result has in the place of texts and zones of a cluster.
const SETTINGS: [(&str, &str); 5] = [
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
    // Text is compared byte by byte, and a number that does not fit stops the job.
    ("spark.sql.ansi.enabled", "true"),
    // A file that is gone, or cannot be read, is none that was empty.
    ("spark.sql.files.ignoreMissingFiles", "false"),
    ("spark.sql.files.ignoreCorruptFiles", "false"),
];

/// A session.
pub(super) struct Session {
    client: SparkConnectClient,
    progress: Progress,
}

/// Where rows come from.
pub(super) type Relation = proto::Relation;

/// The rows of a query.
pub(super) fn sql(query: &str) -> Relation {
    let query = proto::Sql { query: query.to_owned(), ..proto::Sql::default() };
    relation(proto::relation::RelType::Sql(query))
}

/// The rows of logs, files and folders of Parquet.
fn logs(paths: Vec<String>) -> Relation {
    // Files of one folder may differ in their columns: a column that only some have is no reason to drop it.
    files_of(paths, None, &["recursiveFileLookup", "mergeSchema"])
}

/// The rows that were written into a folder, with the columns that it is parted by. With a schema it may be empty.
pub(super) fn written(folder: String, schema: Option<&str>) -> Relation {
    files_of(vec![folder], schema, &[])
}

fn files_of(paths: Vec<String>, schema: Option<&str>, options: &[&str]) -> Relation {
    let source = proto::read::DataSource {
        format: Some("parquet".to_owned()),
        schema: schema.map(str::to_owned),
        options: options.iter().map(|name| ((*name).to_owned(), "true".to_owned())).collect(),
        paths,
        ..proto::read::DataSource::default()
    };
    let read_type = Some(proto::read::ReadType::DataSource(source));
    relation(proto::relation::RelType::Read(proto::Read { read_type, ..proto::Read::default() }))
}

fn relation(rel_type: proto::relation::RelType) -> Relation {
    Relation { rel_type: Some(rel_type), ..Relation::default() }
}

impl Session {
    /// Opens a session whose settings leave nothing to the cluster.
    pub fn open(connection: &str, progress: Progress) -> Result<Self, ClusterError> {
        let what = "opening a session";
        let builder = ChannelBuilder::parse(connection).map_err(failed(what))?;
        let client = block_on(SparkConnectClient::connect(&builder)).map_err(failed(what))?;
        for (key, value) in SETTINGS {
            block_on(client.set_config(key, value)).map_err(failed(what))?;
        }
        Ok(Self { client, progress })
    }

    /// Gives rows a name.
    pub fn view(&self, rows: Relation, name: &str, what: &'static str) -> Result<(), ClusterError> {
        let view = proto::CreateDataFrameViewCommand {
            input: Some(rows),
            name: name.to_owned(),
            replace: true,
            ..proto::CreateDataFrameViewCommand::default()
        };
        self.command(proto::command::CommandType::CreateDataframeView(view), what)
    }

    /// Writes rows into a folder that is not there, as Parquet, parted by some columns.
    pub fn write(
        &self,
        rows: Relation,
        folder: &str,
        parted_by: &[&str],
        what: &'static str,
    ) -> Result<(), ClusterError> {
        let write = proto::WriteOperation {
            input: Some(rows),
            source: Some("parquet".to_owned()),
            mode: proto::write_operation::SaveMode::ErrorIfExists.into(),
            partitioning_columns: parted_by.iter().map(|column| (*column).to_owned()).collect(),
            options: [("compression".to_owned(), "zstd".to_owned())].into(),
            save_type: Some(proto::write_operation::SaveType::Path(folder.to_owned())),
            ..proto::WriteOperation::default()
        };
        self.command(proto::command::CommandType::WriteOperation(write), what)
    }

    /// The rows of a query, which are few.
    pub fn collect(&self, query: &str, what: &'static str) -> Result<Vec<Row>, ClusterError> {
        let mut all = Vec::new();
        let plan = proto::Plan { op_type: Some(proto::plan::OpType::Root(sql(query))) };
        self.execute(plan, what, &mut |response| {
            if let Some(ResponseType::ArrowBatch(batch)) = response {
                all.extend(rows(&batch.data)?);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The names of the columns of a log, where all that must be there are, and stamps are instants.
    fn columns_of(&self, rows: Relation, log: &str, what: &'static str) -> Result<Vec<String>, ClusterError> {
        use proto::data_type::Kind;
        let plan = proto::Plan { op_type: Some(proto::plan::OpType::Root(rows)) };
        let schema = proto::analyze_plan_request::Schema { plan: Some(plan) };
        let request = proto::AnalyzePlanRequest {
            session_id: self.client.session_id().to_owned(),
            user_context: Some(self.user()),
            analyze: Some(proto::analyze_plan_request::Analyze::Schema(schema)),
            ..proto::AnalyzePlanRequest::default()
        };
        let response = block_on(self.client.analyze_plan(request)).map_err(failed(what))?;
        let Some(proto::analyze_plan_response::Result::Schema(schema)) = response.result else {
            return Err(ClusterError::Odd("the log has no columns"));
        };
        let Some(Kind::Struct(found)) = schema.schema.and_then(|schema| schema.kind) else {
            return Err(ClusterError::Odd("the log has no columns"));
        };
        let of = |name: &str| found.fields.iter().find(|field| field.name == name);
        if let Some(column) = columns::REQUIRED.into_iter().find(|name| of(name).is_none()) {
            return Err(ClusterError::NoColumn { log: log.to_owned(), column });
        }
        let stamps = of(columns::SENT_AT).and_then(|field| field.data_type.as_ref()?.kind.as_ref());
        if !matches!(stamps, Some(Kind::Timestamp(_))) {
            return Err(ClusterError::NoInstants { log: log.to_owned() });
        }
        Ok(found.fields.into_iter().map(|field| field.name).collect())
    }

    /// A query that gives the messages of some files: columns that they have not are empty. `log` is what they are told as.
    pub fn messages_of(&self, paths: Vec<String>, log: &str, name: &str) -> Result<String, ClusterError> {
        let what = "opening the logs";
        let files = logs(paths);
        let known = self.columns_of(files.clone(), log, what)?;
        self.view(files, name, what)?;
        let optional = columns::OPTIONAL.map(|column| {
            let value = if known.iter().any(|name| name == column) { column } else { "''" };
            format!("coalesce(cast({value} as string), '') as {column}")
        });
        let required = columns::REQUIRED.map(str::to_owned);
        Ok(format!("select {}, {} from {name}", required.join(", "), optional.join(", ")))
    }

    /// Lets the server forget the session. What is not forgotten ends with its time.
    pub fn close(self) {
        let _ = block_on(self.client.release_session());
    }

    fn user(&self) -> proto::UserContext {
        proto::UserContext {
            user_id: self.client.user_id().unwrap_or_default().to_owned(),
            ..proto::UserContext::default()
        }
    }

    fn command(&self, command: proto::command::CommandType, what: &'static str) -> Result<(), ClusterError> {
        let command = proto::Command { command_type: Some(command) };
        let plan = proto::Plan { op_type: Some(proto::plan::OpType::Command(command)) };
        self.execute(plan, what, &mut |_| Ok(()))
    }

    /// Has a plan carried out, and hears all that is answered: where a stream ends before the answer does, the next one goes
    /// on behind it.
    fn execute(
        &self,
        plan: proto::Plan,
        what: &'static str,
        take: &mut dyn FnMut(Option<ResponseType>) -> Result<(), ClusterError>,
    ) -> Result<(), ClusterError> {
        let request = proto::ExecutePlanRequest {
            session_id: self.client.session_id().to_owned(),
            user_context: Some(self.user()),
            plan: Some(plan),
            ..proto::ExecutePlanRequest::default()
        };
        let answer = ExecutePlanResponseReattachableIterator::new(request);
        let mut stream = block_on(self.client.execute_plan(answer.request().clone())).map_err(failed(what))?;
        let mut tries = 0;
        while !block_on(answer.is_completed()) {
            match block_on(stream.message()) {
                Ok(Some(response)) => {
                    tries = 0;
                    block_on(answer.set_last_response_id(&response));
                    self.tell(response.response_type.as_ref());
                    take(response.response_type)?;
                    continue;
                }
                Ok(None) => {}
                Err(status) => passing(what, &SparkError::from_grpc_status(status))?,
            }
            let again = block_on(answer.create_reattach_request());
            stream = loop {
                if tries > 0 {
                    pause();
                }
                tries += 1;
                if tries > TRIES {
                    return Err(ClusterError::Gone(what));
                }
                match block_on(self.client.reattach_execute(again.clone())) {
                    Ok(stream) => break stream,
                    Err(error) => passing(what, &error)?,
                }
            };
        }
        // The server need not keep it any more; it does not matter whether it hears that.
        let _ = block_on(self.client.release_execute(block_on(answer.create_release_request(true))));
        Ok(())
    }

    fn tell(&self, response: Option<&ResponseType>) {
        let Some(ResponseType::ExecutionProgress(told)) = response else { return };
        let all = told.stages.iter().map(|stage| stage.num_tasks).fold(0, i64::saturating_add);
        let done = told.stages.iter().map(|stage| stage.num_completed_tasks).fold(0, i64::saturating_add);
        (self.progress)(u64::try_from(done).unwrap_or_default(), u64::try_from(all).unwrap_or_default());
    }
}

#[expect(clippy::disallowed_methods, reason = "a server that is not there is not asked without a pause")]
fn pause() {
    std::thread::sleep(PAUSE);
}

pub(super) fn only(rows: Vec<Row>) -> Result<Row, ClusterError> {
    rows.into_iter().next().ok_or(ClusterError::Odd("no row"))
}

/// Passes over what a server that is there may not say the next time.
fn passing(what: &'static str, error: &SparkError) -> Result<(), ClusterError> {
    let is_passing = error.grpc_code() == Some(UNAVAILABLE) || error.message().contains(DISCONNECTED);
    if is_passing { Ok(()) } else { Err(told(what, error)) }
}

fn failed(what: &'static str) -> impl Fn(SparkError) -> ClusterError {
    move |error| told(what, &error)
}

/// What a server says can be pages long, with the whole plan.
fn told(what: &'static str, error: &SparkError) -> ClusterError {
    if error.grpc_code() == Some(UNAVAILABLE) {
        return ClusterError::Gone(what);
    }
    let message = error.message();
    let line = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
    ClusterError::Failed { doing: what, said: line.chars().take(SAID_MAX).collect() }
}
