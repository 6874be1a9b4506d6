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

use super::relation::{Relation, logs, sql};
use super::row::{Row, rows};
use super::said::{failed, passing, told};
use super::{ClusterError, Progress};
use crate::domain::columns;

/// Between two tries to reach a server, and how many of them in a row may fail.
const PAUSE: Duration = Duration::from_secs(1);
const TRIES: u32 = 30;
/// So many streams in a row may end without a word: most servers end one after two minutes, and speak of their progress before.
const SILENT: u32 = 30;
/// A stream that says nothing for so long is taken up anew: its connection may be gone without a sign.
const QUIET: Duration = Duration::from_secs(300);
/// Nothing that is asked of a session takes longer; but for the columns of thousands of files.
const ANSWER: Duration = Duration::from_secs(120);
const COLUMNS: Duration = Duration::from_secs(3600);
/// What is only polite is not waited for.
const FAREWELL: Duration = Duration::from_secs(10);

/// What hangs on no setting of the server.
const SETTINGS: [(&str, &str); 5] = [
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
    // A number that does not fit stops the job.
    ("spark.sql.ansi.enabled", "true"),
    // A file that is gone, or cannot be read, is none that was empty.
    ("spark.sql.files.ignoreMissingFiles", "false"),
    ("spark.sql.files.ignoreCorruptFiles", "false"),
];

/// A session.
pub(super) struct Session {
    client: SparkConnectClient,
    /// What the server calls the session; a server that was started anew, and knows nothing of it, calls it by another name.
    /// Empty where it says none.
    named: String,
    progress: Progress,
}

/// Tries in a row that were in vain.
#[derive(Default)]
struct Vain {
    failed: u32,
    silent: u32,
}

impl Vain {
    /// Waits before the next try, where the last one was in vain.
    fn wait(&self, what: &'static str) -> Result<(), ClusterError> {
        if self.silent > SILENT || self.failed > TRIES {
            return Err(ClusterError::Gone(what));
        }
        if self.silent > 1 || self.failed > 0 {
            pause();
        }
        Ok(())
    }
}

impl Session {
    /// Opens a session whose settings leave nothing to the cluster.
    pub fn open(connection: &str, progress: Progress) -> Result<Self, ClusterError> {
        let what = "opening a session";
        let builder = ChannelBuilder::parse(connection).map_err(failed(what))?;
        let client = within(ANSWER, what, SparkConnectClient::connect(&builder))?.map_err(failed(what))?;
        let mut session = Self { client, named: String::new(), progress };
        let pair = |(key, value): (&str, &str)| proto::KeyValue { key: key.to_owned(), value: Some(value.to_owned()) };
        let set = proto::config_request::Set { pairs: SETTINGS.map(pair).into(), ..Default::default() };
        session.named =
            session.config(proto::config_request::operation::OpType::Set(set), what)?.server_side_session_id;
        Ok(session)
    }

    /// Whether the session still is what it was opened as.
    ///
    /// # Errors
    /// The server has other settings: what it did is not to be believed.
    pub fn look_back(&self) -> Result<(), ClusterError> {
        let keys = SETTINGS.map(|(key, _)| key.to_owned()).into();
        let get = proto::config_request::Get { keys };
        let told = self.config(proto::config_request::operation::OpType::Get(get), "looking back at its settings")?;
        let is_kept = |(key, value): &(&str, &str)| {
            told.pairs.iter().any(|pair| pair.key == *key && pair.value.as_deref() == Some(*value))
        };
        if SETTINGS.iter().all(is_kept) { Ok(()) } else { Err(ClusterError::Odd("its settings have changed")) }
    }

    fn config(
        &self,
        operation: proto::config_request::operation::OpType,
        what: &'static str,
    ) -> Result<proto::ConfigResponse, ClusterError> {
        let operation = proto::config_request::Operation { op_type: Some(operation) };
        let request = proto::ConfigRequest {
            session_id: self.client.session_id().to_owned(),
            client_observed_server_side_session_id: self.observed(),
            user_context: Some(self.user()),
            operation: Some(operation),
            ..Default::default()
        };
        let response = within(ANSWER, what, self.client.config(request))?.map_err(failed(what))?;
        self.recognize(&response.server_side_session_id)?;
        Ok(response)
    }

    fn observed(&self) -> Option<String> {
        Some(self.named.clone()).filter(|named| !named.is_empty())
    }

    fn recognize(&self, named: &str) -> Result<(), ClusterError> {
        let is_known = self.named.is_empty() || named.is_empty() || named == self.named;
        if is_known { Ok(()) } else { Err(ClusterError::Gone("it was at work")) }
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
                let found = rows(&batch.data)?;
                let is = |told: i64, number: usize| usize::try_from(told).is_ok_and(|told| told == number);
                let is_whole = is(batch.row_count, found.len())
                    && batch.start_offset.is_none_or(|offset| is(offset, all.len()))
                    && batch.num_chunks_in_batch.is_none_or(|chunks| chunks <= 1);
                if !is_whole {
                    return Err(ClusterError::Odd("a part of the rows is missing"));
                }
                all.extend(found);
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
            client_observed_server_side_session_id: self.observed(),
            user_context: Some(self.user()),
            analyze: Some(proto::analyze_plan_request::Analyze::Schema(schema)),
            ..proto::AnalyzePlanRequest::default()
        };
        let response = within(COLUMNS, what, self.client.analyze_plan(request))?.map_err(failed(what))?;
        self.recognize(&response.server_side_session_id)?;
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

    /// A query that gives the messages of some files: columns that they have not are empty, and so are those that stand
    /// in an archive alone where the files are none (`is_archive`). `log` is what they are told as.
    pub fn messages_of(
        &self,
        (paths, is_archive): (Vec<String>, bool),
        log: &str,
        name: &str,
    ) -> Result<String, ClusterError> {
        let what = "opening the logs";
        let files = logs(paths);
        let known = self.columns_of(files.clone(), log, what)?;
        self.view(files, name, what)?;
        let optional = columns::OPTIONAL.map(|column| {
            let is_read = is_archive || !columns::ARCHIVED.contains(&column);
            let value = if is_read && known.iter().any(|name| name == column) { column } else { "''" };
            format!("coalesce(cast({value} as string), '') as {column}")
        });
        let required = columns::REQUIRED.map(str::to_owned);
        Ok(format!("select {}, {} from {name}", required.join(", "), optional.join(", ")))
    }

    /// Lets the server forget the session. What is not forgotten ends with its time.
    pub fn close(self) {
        let _ = within(FAREWELL, "closing the session", self.client.release_session());
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
            client_observed_server_side_session_id: self.observed(),
            user_context: Some(self.user()),
            plan: Some(plan),
            ..proto::ExecutePlanRequest::default()
        };
        let answer = ExecutePlanResponseReattachableIterator::new(request);
        // It is asked for once: a write is not to be done twice. From here on the answer alone is asked for.
        let begun = within(QUIET, what, self.client.execute_plan(answer.request().clone()))?;
        let mut stream = begun.map_err(failed(what))?;
        let mut vain = Vain::default();
        while !block_on(answer.is_completed()) {
            let why = match within(QUIET, what, stream.message()) {
                Ok(Ok(Some(response))) => {
                    vain = Vain::default();
                    block_on(answer.set_last_response_id(&response));
                    self.heard(&response)?;
                    take(response.response_type)?;
                    continue;
                }
                Ok(Ok(None)) | Err(_) => None,
                // A status without a source was sent by the server; one with it tells how the connection ended.
                Ok(Err(status)) if std::error::Error::source(&status).is_some() => {
                    Some(told(what, &SparkError::from_grpc_status(status)))
                }
                Ok(Err(status)) => Some(passing(what, &SparkError::from_grpc_status(status))?),
            };
            vain.silent += 1;
            let again = block_on(answer.create_reattach_request());
            stream = loop {
                vain.wait(what)?;
                let heard = within(ANSWER, what, self.client.reattach_execute(again.clone()));
                match heard.map(|heard| heard.map_err(|error| passing(what, &error))) {
                    Ok(Ok(stream)) => break stream,
                    // What ended the last stream tells more than that there is none.
                    Ok(Err(Err(end))) => return Err(why.unwrap_or(end)),
                    Ok(Err(Ok(_))) | Err(_) => vain.failed += 1,
                }
            };
        }
        // The server need not keep it any more; it does not matter whether it hears that.
        let release = block_on(answer.create_release_request(true));
        let _ = within(FAREWELL, what, self.client.release_execute(release));
        Ok(())
    }

    /// Looks at whose response it is, and passes on how far the work is.
    fn heard(&self, response: &proto::ExecutePlanResponse) -> Result<(), ClusterError> {
        self.recognize(&response.server_side_session_id)?;
        self.tell(response.response_type.as_ref());
        let has_rows = matches!(response.response_type, Some(ResponseType::ArrowBatch(_)));
        if has_rows && response.response_id.is_empty() {
            return Err(ClusterError::Odd("rows without a place in the answer"));
        }
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

/// Waits for an answer, but no longer than `limit`.
fn within<T>(limit: Duration, what: &'static str, answer: impl Future<Output = T>) -> Result<T, ClusterError> {
    block_on(async { tokio::time::timeout(limit, answer).await }).map_err(|_| ClusterError::Gone(what))
}
