import java.nio.file.Paths;
import java.util.concurrent.CountDownLatch;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** A graph database with its data in a directory, that answers Bolt on loopback and asks for no password. */
class Neo4j {
  public static void main(String[] arguments) throws InterruptedException {
    String directory = arguments[0];
    SocketAddress loopback = new SocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));

    DatabaseManagementServiceBuilder builder = new DatabaseManagementServiceBuilder(Paths.get(directory));
    builder.setConfig(GraphDatabaseSettings.auth_enabled, false);
    builder.setConfig(BoltConnector.enabled, true);
    builder.setConfig(BoltConnector.listen_address, loopback);
    builder.setConfig(BoltConnector.advertised_address, loopback);
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
