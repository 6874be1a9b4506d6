//! Where pairing and rating run.

use clap::{Args, ValueEnum};

/// The engine, and where it is.
#[derive(Args, Debug)]
pub struct Engine {
    /// Where the messages are judged
    ///
    /// A cluster reads logs in Parquet where they lie, and writes the waits as a folder of Parquet files; the amounts are
    /// the same to the cent.
    #[arg(long, value_name = "WHICH", default_value = "local")]
    pub engine: EngineName,
    /// Cluster with Spark Connect: sc://host:15002
    #[arg(long, value_name = "URL", required_if_eq("engine", "spark"))]
    pub remote: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// This machine
    Local,
    /// A cluster of Apache Spark
    Spark,
}
