import java.nio.file.Paths;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.neo4j.configuration.GraphDatabaseInternalSettings;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * A graph database with its data in a directory, that answers Bolt on loopback and asks for no password: DIRECTORY PORT [plain].
 * Tests ask thousands of queries once, over few nodes: with `plain` it makes the first plan that does, and keeps it.
 */
class Neo4j {
  public static void main(String[] arguments) throws InterruptedException {
    String directory = arguments[0];
    SocketAddress loopback = new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));

    DatabaseManagementServiceBuilder builder = new DatabaseManagementServiceBuilder(Paths.get(directory));
    builder.setConfig(GraphDatabaseSettings.auth_enabled, false);
    builder.setConfig(BoltConnector.enabled, true);
    builder.setConfig(BoltConnector.listen_address, loopback);
    builder.setConfig(BoltConnector.advertised_address, loopback);
    if (arguments.length > 2 && arguments[2].equals("plain")) {
      builder.setConfig(GraphDatabaseInternalSettings.cypher_idp_solver_table_threshold, 16);
      builder.setConfig(GraphDatabaseInternalSettings.cypher_idp_solver_duration_threshold, 10L);
      builder.setConfig(GraphDatabaseSettings.cypher_min_replan_interval, Duration.ofHours(1));
    }
    DatabaseManagementService service = builder.build();

    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      service.shutdown();
      ended.countDown();
    }));
    System.out.println("answers Bolt at " + loopback);
    ended.await();
  }
}
