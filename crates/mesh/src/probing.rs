//! The freshness probe: observes every port, judges it against its promise, and tells of each change of state once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use mesh_manifest::{Format, PortAddress, Schedule};
use mesh_sla::{Observation, Transition, transition};
use serde_json::json;

use crate::{
    clock::Clock,
    credentials::{CredentialVendor, Credentials},
    domain::{Domain, DomainStore, Envelope},
    error::StoreError,
    events::{Event, EventPublisher},
    measurement::{Measurement, MeasurementStore, PortState, ProbeReport, VerdictKind},
    metadata_file::key_of,
    metrics,
    object_storage::ObjectStorage,
    place::Place,
    product::{Port, Product, ProductStore, Status},
    provisioning::observer,
    sweeping,
    table_catalog::{CatalogTable, TableCatalog, newest_data, watermark},
};

/// Ports observed at once within a domain.
const CONCURRENCY: usize = 16;
/// Domains observed at once.
const DOMAINS_AT_ONCE: usize = 4;
/// Files looked through for the newest of a file port.
const MAX_FILES: usize = 10_000;
/// A state that nothing changed in is written again after this long: the periodic roll-up.
const ROLL_UP: SignedDuration = SignedDuration::from_hours(1);
/// For how long one written state counts at most: past that, nobody looked.
const STANDS_FOR: SignedDuration = SignedDuration::from_hours(2);
/// For how long whoever wrote that there is something to send is left to send it, before another run does: less than schedules leave between runs.
const SENDING: SignedDuration = SignedDuration::from_secs(45);

/// The most alerts that wait for a domain's topic to be mended.
const MAX_UNALERTED: usize = 10;

/// Observes ports.
#[derive(Debug, Clone)]
pub struct Prober {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub measurements: Arc<dyn MeasurementStore>,
    pub catalog: Arc<dyn TableCatalog>,
    pub storage: Arc<dyn ObjectStorage>,
    pub vendor: Arc<dyn CredentialVendor>,
    pub events: Arc<dyn EventPublisher>,
    pub clock: Arc<dyn Clock>,
}

/// One port to observe.
#[derive(Debug, Clone)]
struct Target {
    address: PortAddress,
    format: Format,
    /// What the keys of its files begin with.
    data: String,
    promise: mesh_manifest::Minutes,
    /// When data is due, where that is not all the time.
    schedule: Option<Schedule>,
    /// Since when the port is there to be filled: of a port without data, when it first appeared.
    since: Timestamp,
    owner: String,
}

/// A port after it was observed.
#[derive(Debug)]
enum Judged {
    /// There is nothing to write.
    Unchanged(VerdictKind),
    /// A state to write; with `keep`, its measurement goes into the time series.
    Changed { state: Box<PortState>, keep: bool },
}

/// What a port's storage says.
#[derive(Debug, Clone, Default)]
struct Seen {
    readable: bool,
    newest: Option<Timestamp>,
    metadata_location: Option<String>,
}

impl Prober {
    /// Observes every port of every active product, domain by domain: no more of them is held than is observed at once.
    pub async fn run(&self) -> Result<ProbeReport, StoreError> {
        let runs = sweeping::domains(&*self.domains).map_ok(|domain| self.domain(domain));
        let mut reports = std::pin::pin!(runs.try_buffer_unordered(DOMAINS_AT_ONCE));
        let (mut total, mut unobservable) = (ProbeReport::default(), 0);
        while let Some((report, endpoints)) = reports.try_next().await? {
            total.ports += report.ports;
            total.kept += report.kept;
            total.broken += report.broken;
            total.unknown += report.unknown;
            total.events += report.events;
            total.errors += report.errors;
            unobservable += endpoints;
        }
        metrics::probed(&total, unobservable);
        Ok(total)
    }

    /// One domain's ports: one assumed role, one list of tables, batches of states. A domain that fails does not stop the rest.
    /// Answers, too, how many ports can never be observed.
    async fn domain(&self, domain: Domain) -> Result<(ProbeReport, usize), StoreError> {
        let products = sweeping::products(&*self.products, &domain.id).await?;
        let filled = |product: &&Product| product.status != Status::Retired && product.provisioned_revision > 0;
        let mut targets: Vec<Target> = products.iter().filter(filled).flat_map(targets).collect();
        drop(products);
        let unobservable = targets.iter().filter(|target| target.format.is_endpoint()).count();
        let mut report = ProbeReport { ports: targets.len(), ..ProbeReport::default() };
        if targets.is_empty() {
            return Ok((report, unobservable));
        }
        let (states, unreadable) = match self.known(&mut targets).await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(domain = %domain.id, error = &error as &dyn std::error::Error, "the domain could not be probed");
                report.errors = targets.len();
                return Ok((report, unobservable));
            }
        };
        report.errors += unreadable.len();
        let view = self.view(&domain, &targets).await;
        let readable = targets.into_iter().filter(|target| !unreadable.contains(&target.address));
        let judged = readable.map(|target| {
            let (view, state) = (&view, states.get(&target.address));
            async move { self.judge(view, target, state).await }
        });
        let mut judged = stream::iter(judged).buffer_unordered(CONCURRENCY);
        let mut changed = Vec::new();
        while let Some(port) = judged.next().await {
            match port {
                Judged::Changed { state, keep } => changed.push((*state, keep)),
                Judged::Unchanged(verdict) => report.count(verdict),
            }
        }
        let written = self.measurements.put_states(&changed).await;
        let sent = changed.iter().zip(written).map(|((state, _), written)| {
            let (measurement, domain) = (&state.measurement, &domain);
            async move { (measurement, self.told(domain, state, written).await) }
        });
        let mut sent = stream::iter(sent).buffer_unordered(CONCURRENCY);
        while let Some((measurement, sent)) = sent.next().await {
            match sent {
                Ok(events) => {
                    report.events += events;
                    report.count(measurement.verdict);
                }
                Err(error) => {
                    tracing::error!(port = %measurement.port, error = &error as &dyn std::error::Error, "the port could not be probed");
                    report.errors += 1;
                }
            }
        }
        Ok((report, unobservable))
    }

    /// What is known of the ports, and those of which it cannot be read. Only of those that never had data it matters when they first
    /// appeared.
    async fn known(&self, targets: &mut [Target]) -> Result<(States, BTreeSet<PortAddress>), StoreError> {
        let (states, mut unreadable) = self.states(targets).await?;
        let has_data = |address: &PortAddress| states.get(address).is_some_and(|state| state.newest.is_some());
        let is_empty = |target: &&mut Target| !target.format.is_endpoint() && !has_data(&target.address);
        let mut empty: Vec<&mut Target> = targets.iter_mut().filter(is_empty).collect();
        if empty.is_empty() {
            return Ok((states, unreadable));
        }
        let addresses: Vec<_> = empty.iter().map(|target| target.address.clone()).collect();
        let ports = match self.products.ports_at(&addresses).await {
            Err(StoreError::Corrupt { .. }) => self.ports_one_by_one(addresses, &mut unreadable).await?,
            answer => answer?,
        };
        for target in &mut empty {
            if let Some(port) = ports.get(&target.address) {
                target.since = port.since;
            }
        }
        Ok((states, unreadable))
    }

    /// One unreadable item spoils the batch that it is read in: each is read by itself.
    async fn ports_one_by_one(
        &self,
        addresses: Vec<PortAddress>,
        unreadable: &mut BTreeSet<PortAddress>,
    ) -> Result<BTreeMap<PortAddress, Port>, StoreError> {
        let mut ports = BTreeMap::new();
        for address in addresses {
            match self.products.ports_at(std::slice::from_ref(&address)).await {
                Ok(one) => ports.extend(one),
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(port = %address, error = &error as &dyn std::error::Error, "the port cannot be read");
                    unreadable.insert(address);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(ports)
    }

    /// The states of `targets`, and those whose state cannot be read.
    async fn states(&self, targets: &[Target]) -> Result<(States, BTreeSet<PortAddress>), StoreError> {
        let addresses: Vec<_> = targets.iter().map(|target| target.address.clone()).collect();
        let mut unreadable = BTreeSet::new();
        match self.measurements.states(&addresses).await {
            Err(StoreError::Corrupt { .. }) => {}
            answer => return Ok((answer?, unreadable)),
        }
        // One unreadable item spoils the batch that it is read in: each is read by itself.
        let mut states = States::new();
        for address in addresses {
            match self.measurements.states(std::slice::from_ref(&address)).await {
                Ok(one) => states.extend(one),
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(port = %address, error = &error as &dyn std::error::Error, "the port's state cannot be read");
                    unreadable.insert(address);
                }
                Err(error) => return Err(error),
            }
        }
        Ok((states, unreadable))
    }

    /// What can be seen of a domain's storage; nothing where it cannot be entered, and then every verdict is unknown.
    async fn view(&self, domain: &Domain, targets: &[Target]) -> Option<View> {
        let envelope = domain.envelope.clone()?;
        let has_tables = targets.iter().any(|target| target.format == Format::Iceberg);
        let request = observer(domain, &envelope);
        let tables =
            async { if has_tables { self.catalog.tables(&envelope.glue_database).await } else { Ok(Vec::new()) } };
        let (credentials, tables) = futures::join!(self.vendor.vend(&request), tables);
        let told = |error: StoreError| {
            tracing::warn!(domain = %domain.id, error = &error as &dyn std::error::Error, "the domain's storage cannot be observed");
        };
        // Without the catalogue there are no tables to see, and files all the same.
        let tables = tables.map_err(told).unwrap_or_default();
        let tables = tables.into_iter().map(|table| (table.name.clone(), table)).collect();
        let credentials = credentials.map_err(told).ok()?;
        Some(View { envelope, credentials, tables })
    }

    async fn judge(&self, view: &Option<View>, target: Target, previous: Option<&PortState>) -> Judged {
        let now = self.clock.now();
        // Another run has just written that there is something to send, and is about to: two would tell twice.
        if let Some(before) = previous.filter(|before| is_being_sent(before, now)) {
            return Judged::Unchanged(before.measurement.verdict);
        }
        let seen = match view {
            Some(view) => self.observe(view, &target, previous, now).await.unwrap_or_else(|error| {
                tracing::warn!(port = %target.address, error = &error as &dyn std::error::Error, "the port cannot be observed");
                Seen::default()
            }),
            None => Seen::default(),
        };
        let state = next_state(&target, previous, &seen, now);
        let verdict = state.measurement.verdict;
        if previous.is_some_and(|before| is_unchanged(before, &state, now)) {
            return Judged::Unchanged(verdict);
        }
        let keep = previous.is_none_or(|before| before.measurement.verdict != verdict || rolls_up(before, now));
        Judged::Changed { state: Box::new(state), keep }
    }

    /// Sends what a state that was written raised; how many events.
    async fn told(
        &self,
        domain: &Domain,
        state: &PortState,
        written: Result<(), StoreError>,
    ) -> Result<usize, StoreError> {
        match written {
            Ok(()) => self.send(domain, state).await,
            // Another run of the probe came first and tells what there is to tell.
            Err(StoreError::Conflict) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Sends what a change of state raised, then notes what is sent. Killed in between, it is sent again under the same id. A
    /// topic that takes nothing, which its domain has to mend, keeps nothing from the bus.
    async fn send(&self, domain: &Domain, state: &PortState) -> Result<usize, StoreError> {
        if state.unsent.is_empty() && state.unalerted.is_empty() {
            return Ok(0);
        }
        let (unalerted, alerted) = self.alert(domain, &state.unalerted).await;
        let published = if state.unsent.is_empty() { Ok(()) } else { self.events.publish(&state.unsent).await };
        let unsent = if published.is_ok() { Vec::new() } else { state.unsent.clone() };
        let sent = state.unsent.len() - unsent.len();
        if sent > 0 || unalerted.len() < state.unalerted.len() {
            let noted = PortState { unsent, unalerted, sequence: state.sequence + 1, ..state.clone() };
            match self.measurements.put_state(&noted, false).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        published.and(alerted).map(|()| sent)
    }

    /// Tells the domain's topic, and gives back what it did not take. A domain without storage has no topic to be told.
    async fn alert(&self, domain: &Domain, events: &[Event]) -> (Vec<Event>, Result<(), StoreError>) {
        let Some(envelope) = &domain.envelope else { return (Vec::new(), Ok(())) };
        for (index, event) in events.iter().enumerate() {
            let title = match event.kind.as_str() {
                BREACHED => format!("Freshness promise broken: {}", event.subject),
                _ => format!("Freshness promise kept again: {}", event.subject),
            };
            if let Err(error) = self.events.alert(&envelope.alert_topic_arn, &title, event).await {
                // In their order: a recovery is not told before its breach.
                return (events.iter().skip(index).cloned().collect(), Err(error));
            }
        }
        (Vec::new(), Ok(()))
    }

    async fn observe(
        &self,
        view: &View,
        target: &Target,
        previous: Option<&PortState>,
        now: Timestamp,
    ) -> Result<Seen, StoreError> {
        let bucket = &view.envelope.bucket;
        if target.format == Format::Iceberg {
            let Some(table) = view.tables.get(&target.address.table()) else { return Ok(Seen::default()) };
            let location = Some(table.metadata_location.clone());
            if let Some(previous) = previous.filter(|previous| previous.metadata_location == location) {
                return Ok(Seen { readable: true, newest: previous.newest, metadata_location: location });
            }
            let key = key_of(&table.metadata_location, bucket).ok_or_else(|| {
                StoreError::corrupt("table entry", format!("`{}` is outside the bucket", table.metadata_location))
            })?;
            let bytes = self.storage.get(Some(&view.credentials), bucket, key).await?;
            let bytes = bytes.ok_or_else(|| StoreError::corrupt("table", format!("`{key}` is gone")))?;
            let metadata =
                serde_json::from_slice(&bytes).map_err(|error| StoreError::corrupt("table metadata", error))?;
            // What a run says of itself counts where the port's owner said so, and never for a time that is still to come.
            let heeded = target.schedule.as_ref().is_some_and(|schedule| schedule.watermark.is_some());
            let told = watermark(&metadata).filter(|told| heeded && *told <= now);
            let newest = newest_data(&metadata).max(told);
            return Ok(Seen { readable: true, newest, metadata_location: location });
        }
        if target.format.is_file() {
            let entries = self.storage.list(Some(&view.credentials), bucket, &target.data, MAX_FILES).await?;
            let all = entries.len() < MAX_FILES;
            let newest = entries.into_iter().map(|entry| entry.modified).max();
            // Where not all files were seen, a newer one may be among the others: nothing is broken by what was not looked at.
            let seen = Observation::Seen { newest };
            let kept = mesh_sla::verdict_on(target.schedule.as_ref(), target.promise, seen, now, target.since).kind;
            return Ok(Seen { readable: all || kept == VerdictKind::Kept, newest, metadata_location: None });
        }
        // What is served at an endpoint of the owner's own cannot be looked into from here.
        Ok(Seen::default())
    }
}

/// The type of the event that tells of a breach.
pub const BREACHED: &str = "mesh.sla.breached";
/// The type of the event that tells that the promise is kept again.
pub const RECOVERED: &str = "mesh.sla.recovered";

type States = BTreeMap<PortAddress, PortState>;

#[derive(Debug)]
struct View {
    envelope: Envelope,
    credentials: Credentials,
    tables: HashMap<String, CatalogTable>,
}

fn targets(product: &Product) -> impl Iterator<Item = Target> {
    product.manifest.output_ports.iter().map(|port| Target {
        address: product.manifest.address(port),
        format: port.format,
        data: Place::of(&product.manifest.address(port), port).data,
        promise: port.sla.freshness,
        schedule: port.sla.schedule.clone(),
        since: product.registered_at,
        owner: product.manifest.owner.contact.clone(),
    })
}

/// The state after an observation, with the events that a change raises.
fn next_state(target: &Target, previous: Option<&PortState>, seen: &Seen, now: Timestamp) -> PortState {
    // After snapshot expiry the newest data cannot be told from the table any more: the last known stands.
    let newest = seen.newest.max(previous.and_then(|previous| previous.newest));
    let observation = if seen.readable { Observation::Seen { newest } } else { Observation::Unreadable };
    let judged = mesh_sla::verdict_on(target.schedule.as_ref(), target.promise, observation, now, target.since);
    let verdict = judged.kind;
    let settled_before = previous.and_then(|previous| previous.settled);
    let (event, settled) = transition(settled_before, verdict);
    let settled_since =
        if settled != settled_before { Some(now) } else { previous.and_then(|previous| previous.settled_since) };
    let mut unsent = previous.map(|previous| previous.unsent.clone()).unwrap_or_default();
    let mut unalerted = previous.map(|previous| previous.unalerted.clone()).unwrap_or_default();
    let sequence = previous.map_or(0, |previous| previous.sequence) + 1;
    if let Some(event) = event {
        let kind = match event {
            Transition::Breach => BREACHED,
            Transition::Recovery => RECOVERED,
        };
        let subject = target.address.to_string();
        // The sequence makes the id the same for everybody who works out this very change.
        let id = mesh_manifest::canonical::digest(&(&subject, kind, sequence)).chars().take(32).collect();
        let data = json!({
            "port": target.address,
            "owner": target.owner,
            "sla_freshness_minutes": target.promise.0,
            "actual_freshness_minutes": judged.freshness_minutes,
            "newest_data": newest,
        });
        let event = Event::new(id, kind, &subject, now, data);
        unsent.push(event.clone());
        unalerted.push(event);
        // A topic that is broken for long must not fill the item: what is newest matters.
        unalerted.drain(..unalerted.len().saturating_sub(MAX_UNALERTED));
    }
    let (elapsed, counted_until) = counted(previous, now);
    let was = previous.map(|previous| previous.measurement.verdict);
    let measured = if was.is_some_and(|was| was != VerdictKind::Unknown) { elapsed } else { 0 };
    let kept = if was == Some(VerdictKind::Kept) { elapsed } else { 0 };
    PortState {
        measurement: Measurement {
            port: target.address.clone(),
            measured_at: now,
            actual_freshness_minutes: judged.freshness_minutes,
            sla_freshness_minutes: target.promise,
            verdict,
        },
        settled,
        settled_since,
        newest,
        metadata_location: seen
            .metadata_location
            .clone()
            .or_else(|| previous.and_then(|previous| previous.metadata_location.clone())),
        measured_minutes: previous.map_or(0, |previous| previous.measured_minutes) + measured,
        kept_minutes: previous.map_or(0, |previous| previous.kept_minutes) + kept,
        counted_until: Some(counted_until),
        unsent,
        unalerted,
        sequence,
    }
}

/// The whole minutes that the state before stood for, and up to when minutes are counted then. A clock that is behind counts nothing
/// until it is past what was counted.
fn counted(previous: Option<&PortState>, now: Timestamp) -> (u64, Timestamp) {
    let Some(previous) = previous else { return (0, now) };
    let from = previous.counted_until.unwrap_or(previous.measurement.measured_at);
    let passed = now.duration_since(from);
    let minutes = passed.min(STANDS_FOR).as_mins().max(0);
    let until = match from.checked_add(SignedDuration::from_mins(minutes)) {
        Ok(until) if passed <= STANDS_FOR => until,
        _ => from.max(now),
    };
    (minutes.unsigned_abs(), until)
}

/// Whether the run that wrote `state` is likely to be sending what it raised.
fn is_being_sent(state: &PortState, now: Timestamp) -> bool {
    !state.unsent.is_empty() && now.duration_since(state.measurement.measured_at).abs() < SENDING
}

/// Whether there is nothing to write: same verdict, promise and data, nothing to send, and no roll-up due.
fn is_unchanged(before: &PortState, after: &PortState, now: Timestamp) -> bool {
    before.measurement.verdict == after.measurement.verdict
        && before.measurement.sla_freshness_minutes == after.measurement.sla_freshness_minutes
        && before.newest == after.newest
        && before.metadata_location == after.metadata_location
        && after.unsent.is_empty()
        && after.unalerted.is_empty()
        && !rolls_up(before, now)
}

fn rolls_up(before: &PortState, now: Timestamp) -> bool {
    now.duration_since(before.measurement.measured_at) >= ROLL_UP
}
