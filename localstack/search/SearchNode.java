// Runs one OpenSearch node on loopback until it is asked to stop; started by `cargo xtask up`.

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** Arguments: the folder for data and settings, the HTTP port, the transport port. */
public final class SearchNode {
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 3) {
            System.err.println("usage: SearchNode FOLDER HTTP_PORT TRANSPORT_PORT");
            System.exit(2);
        }
        String folder = arguments[0];
        String httpPort = arguments[1];
        String transportPort = arguments[2];

        OpenSearchRunner runner = new OpenSearchRunner();
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (IOException error) {
                System.err.println("the node did not close in order: " + error.getMessage());
            }
            stopped.countDown();
        }));
        runner.onBuild((node, settings) -> {
            // The runner looks for other nodes on neighbouring ports, and would join another checkout's.
            settings.put("cluster.name", "mesh-" + httpPort);
            settings.put("discovery.type", "single-node");
            settings.putList("discovery.seed_hosts");
            settings.remove("cluster.initial_cluster_manager_nodes");
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", httpPort);
            settings.put("transport.port", transportPort);
            // A nearly full disk would make every index read-only.
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(folder).numOfNode(1).useLogger());
        runner.ensureYellow();
        System.out.println("ready on port " + httpPort);
        stopped.await();
    }
}
