//! Where messages are judged.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The engine of a command without a configuration, and where it is.
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
    /// File of the token that the cluster asks for; its owner alone may read it
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub token_file: Option<PathBuf>,
}

/// The engine of a command with a configuration.
#[derive(Args, Debug)]
pub struct ConfiguredEngine {
    /// Where the messages are judged [default: a cluster where the configuration has [engine], else this machine]
    ///
    /// A cluster sieves the archive: what was answered in time beyond doubt is counted there, everything else is judged
    /// here. The result is the same, byte by byte.
    #[arg(long, value_name = "WHICH")]
    pub engine: Option<EngineName>,
    /// Cluster with Spark Connect, instead of that of the configuration: sc://host:15002
    #[arg(long, value_name = "URL")]
    pub remote: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// This machine
    Local,
    /// A cluster of Apache Spark
    Spark,
}

impl ConfiguredEngine {
    /// The option that asks for a cluster, where one does.
    pub fn asked(&self) -> Option<&'static str> {
        let spark = (self.engine == Some(EngineName::Spark)).then_some("--engine spark");
        spark.or(self.remote.as_ref().map(|_| "--remote"))
    }
}
