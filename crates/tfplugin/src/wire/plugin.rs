//! Messages of the services that go-plugin expects beside the provider's own.

/// A piece of the plugin's output; never sent, because a provider writes its log to standard error.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StdioData {
    #[prost(int32, tag = "1")]
    pub channel: i32,
    #[prost(bytes = "vec", tag = "2")]
    pub data: Vec<u8>,
}

/// The answer of the standard health service: 1 is "serving".
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct HealthResponse {
    #[prost(int32, tag = "1")]
    pub status: i32,
}
