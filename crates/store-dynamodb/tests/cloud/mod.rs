//! A cloud with DynamoDB for the tests: the one that `MESH_TEST_CLOUD_ENDPOINT` names, or else one of their own, started by
//! `localstack/cloud.py` and stopped with the last test that uses it.

use std::{
    env, fs,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType,
    },
};
use mesh_store_dynamodb::{
    DynamoStore,
    tables::{TABLES, Table},
};
use xtask::{interrupt::Interrupt, project::Project, python};

/// Where a running cloud is, such as `http://127.0.0.1:4566`.
const ENDPOINT: &str = "MESH_TEST_CLOUD_ENDPOINT";

/// How long a cloud may take until it answers, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A cloud that answers.
#[derive(Debug)]
pub struct Cloud {
    endpoint: String,
    /// Stopped when the cloud is dropped; none for a cloud that somebody else runs.
    process: Option<(Child, tempfile::TempDir)>,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        if let Some((process, _)) = &mut self.process {
            // It has nothing worth keeping, and a process that is gone already is no trouble.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Cloud {
    /// The cloud that every running test shares.
    pub async fn shared() -> Arc<Self> {
        static SHARED: tokio::sync::Mutex<Weak<Cloud>> = tokio::sync::Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(cloud) = shared.upgrade() {
            return cloud;
        }
        let cloud = Arc::new(Self::find_or_start().await.expect("a cloud to test with"));
        *shared = Arc::downgrade(&cloud);
        cloud
    }

    async fn find_or_start() -> Result<Self> {
        if let Some(endpoint) = env::var_os(ENDPOINT).filter(|endpoint| !endpoint.is_empty()) {
            let endpoint = endpoint.into_string().ok().with_context(|| format!("`{ENDPOINT}` is no text"))?;
            return Ok(Self { endpoint, process: None });
        }
        let project = Project::find().context(
            "no cloud to test with: set `MESH_TEST_CLOUD_ENDPOINT`, or run in a checkout that has `localstack/cloud.py`",
        )?;
        let requirements = project.root.join("localstack/requirements.txt");
        let python = python::environment(&project, &requirements, &Interrupt::default())?;
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let log = folder.path().join("cloud.log");
        let output = fs::File::create(&log)?;
        let process = Command::new(python)
            .arg(project.root.join("localstack/cloud.py"))
            .current_dir(folder.path())
            .env_clear()
            .envs(["PATH", "HOME", "LANG"].into_iter().filter_map(|name| Some((name, env::var_os(name)?))))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TMPDIR", folder.path())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            // These two would listen on every interface.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("the cloud cannot be started")?;
        let mut cloud = Self { endpoint, process: Some((process, folder)) };
        let start = Instant::now();
        let client = cloud.client();
        while client.list_tables().send().await.is_err() {
            let ended = cloud.process.as_mut().is_some_and(|(process, _)| !matches!(process.try_wait(), Ok(None)));
            if ended || start.elapsed() > PATIENCE {
                bail!("the cloud does not answer; its log: {}", fs::read_to_string(&log).unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(cloud)
    }

    /// A client with the credentials that a local cloud takes.
    pub fn client(&self) -> Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.endpoint)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::standard())
            .build();
        Client::from_conf(config)
    }

    /// A store on empty tables of its own.
    pub async fn store(&self) -> DynamoStore {
        let prefix = format!("test-{}-", ulid::Ulid::new().to_string().to_ascii_lowercase());
        let client = self.client();
        for table in &TABLES {
            create(&client, &prefix, table).await.expect("a table");
        }
        DynamoStore::new(client, prefix)
    }
}

async fn create(client: &Client, prefix: &str, table: &Table) -> Result<()> {
    let schema = |hash: &str, range: Option<&str>| -> Result<Vec<KeySchemaElement>> {
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let hash = std::iter::once((hash, KeyType::Hash));
        Ok(hash
            .chain(range.map(|range| (range, KeyType::Range)))
            .map(|(name, kind)| key(name, kind))
            .collect::<Result<_, _>>()?)
    };
    let mut attributes = vec![Some(table.hash), table.range];
    attributes.extend(table.indexes.iter().flat_map(|index| [Some(index.hash), index.range]));
    let mut attributes: Vec<&str> = attributes.into_iter().flatten().collect();
    attributes.sort_unstable();
    attributes.dedup();

    let mut request = client
        .create_table()
        .table_name(format!("{prefix}{}", table.name))
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(schema(table.hash, table.range)?));
    for name in attributes {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(definition.build()?);
    }
    for index in table.indexes {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(schema(index.hash, index.range)?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build());
        request = request.global_secondary_indexes(index.build()?);
    }
    request.send().await.with_context(|| format!("`{}` cannot be created", table.name))?;
    Ok(())
}
