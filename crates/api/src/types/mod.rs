//! What travels over the wire.

mod access;
mod contract;
mod domain;
mod governance;
mod iceberg;
mod product;
mod search;

pub use access::{Credentials, Freshness, IcebergSource, ReadFile, ReadGrant, WriteGrant};
pub use contract::{
    Approval, Contract, ContractDecision, ContractInput, ContractMove, ContractPage, ContractPin, ContractStatus,
    RequiredApproval,
};
pub use domain::{Domain, DomainInput, DomainPage, Envelope, Member};
pub use governance::{
    Evaluation, EvaluationAction, EvaluationRequest, EvaluationResource, EvaluationSubject, PolicyBundle, PolicyInput,
};
pub use iceberg::{
    IcebergClientConfig, IcebergCommit, IcebergCommitted, IcebergConfig, IcebergCredentials, IcebergIdentifier,
    IcebergNamespace, IcebergNamespaces, IcebergStorageCredentials, IcebergTable, IcebergTables,
};
pub use product::{
    AffectedContract, Change, DeprecatedPort, DeprecatedPortReader, Downstream, ManifestDraft, Measurement, Plan, Port,
    Product, ProductPage, RegisteredSchema, Revision, RevisionPage, RevisionStatus, SchemaCheck, SchemaCheckInput,
    SchemaComparison, SchemaVersions, SlaStatus, Status, Unchanged, Verdict,
};
pub use search::{SearchAnswer, SearchHit, SearchPort};
