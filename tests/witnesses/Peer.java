import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;
import org.springframework.context.annotation.*;
import org.springframework.kafka.annotation.*;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.*;
import org.springframework.kafka.listener.*;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.messaging.handler.annotation.SendTo;

/**
 * A service on the JVM: Kafka's own client, Avro's own implementation, Spring's reply template and listeners. Frames and schemas are
 * handled here as Confluent's serializers do it, which Maven Central does not have. A line of JSON for a line of JSON.
 */
public class Peer {
    static final ObjectMapper JSON = new ObjectMapper();
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static String servers, registry;

    // --- the registry ---------------------------------------------------------------------------------------------------

    static JsonNode asked(String path) throws Exception {
        HttpResponse<String> answer =
                HTTP.send(HttpRequest.newBuilder(URI.create(registry + path)).build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
        return JSON.readTree(answer.body());
    }

    static String version(String subject, String version) {
        return "/subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions/" + version;
    }

    /** A schema, parsed after those that it refers to. */
    static Schema parsed(JsonNode entry) throws Exception {
        Schema.Parser parser = new Schema.Parser();
        return parsed(entry, parser, new HashSet<>());
    }

    static Schema parsed(JsonNode entry, Schema.Parser parser, Set<String> known) throws Exception {
        for (JsonNode reference : entry.withArray("references")) {
            if (known.add(reference.get("name").asText())) {
                parsed(asked(version(reference.get("subject").asText(), reference.get("version").asText())), parser, known);
            }
        }
        return parser.parse(entry.get("schema").asText());
    }

    // --- frames ---------------------------------------------------------------------------------------------------------

    static JsonNode decoded(byte[] data) throws Exception {
        if (data == null) return NullNode.getInstance();
        ByteBuffer frame = ByteBuffer.wrap(data);
        if (frame.get() != 0) throw new IOException("no frame");
        Schema schema = parsed(asked("/schemas/ids/" + frame.getInt()));
        Object datum = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().binaryDecoder(data, 5, data.length - 5, null));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        JsonEncoder encoder = EncoderFactory.get().jsonEncoder(schema, out);
        new GenericDatumWriter<>(schema).write(datum, encoder);
        encoder.flush();
        return JSON.readTree(out.toByteArray());
    }

    static byte[] encoded(String subject, JsonNode value) throws Exception {
        if (value.isNull()) return null;
        JsonNode latest = asked(version(subject, "latest"));
        Schema schema = parsed(latest);
        Object datum = new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, value.toString()));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new DataOutputStream(out).writeByte(0);
        new DataOutputStream(out).writeInt(latest.get("id").asInt());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<>(schema).write(datum, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    // --- Kafka's own client ---------------------------------------------------------------------------------------------

    static Map<String, Object> consuming(String group) {
        return Map.of(
                "bootstrap.servers", servers, "group.id", group, "auto.offset.reset", "earliest",
                "key.deserializer", StringDeserializer.class, "value.deserializer", ByteArrayDeserializer.class);
    }

    static Map<String, Object> producing() {
        return Map.of(
                "bootstrap.servers", servers,
                "key.serializer", StringSerializer.class, "value.serializer", ByteArraySerializer.class);
    }

    /** Everything that a topic holds: {"topic", "count"}. */
    static JsonNode read(JsonNode given) throws Exception {
        ArrayNode found = JSON.createArrayNode();
        String topic = given.get("topic").asText();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(consuming("peer"))) {
            List<TopicPartition> places = consumer.partitionsFor(topic).stream()
                    .map(one -> new TopicPartition(topic, one.partition())).collect(Collectors.toList());
            consumer.assign(places);
            consumer.seekToBeginning(places);
            while (found.size() < given.get("count").asInt()) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    ObjectNode one = found.addObject().put("partition", record.partition()).put("key", record.key());
                    one.set("value", decoded(record.value()));
                    ObjectNode headers = one.putObject("headers");
                    for (Header header : record.headers()) headers.put(header.key(), HexFormat.of().formatHex(header.value()));
                }
            }
        }
        return found;
    }

    /** The partitions of what was written: {"topic", "messages": [{"key", "subject", "value", "headers"}]}. */
    static JsonNode write(JsonNode given) throws Exception {
        ArrayNode partitions = JSON.createArrayNode();
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(producing())) {
            for (JsonNode one : given.get("messages")) {
                byte[] value = encoded(one.path("subject").asText(), one.get("value"));
                ProducerRecord<String, byte[]> record = new ProducerRecord<>(given.get("topic").asText(), one.get("key").asText(), value);
                for (Map.Entry<String, JsonNode> header : one.path("headers").properties()) {
                    record.headers().add(header.getKey(), HexFormat.of().parseHex(header.getValue().asText()));
                }
                partitions.add(producer.send(record).get().partition());
            }
        }
        return partitions;
    }

    // --- dead letters ---------------------------------------------------------------------------------------------------

    static ConsumerRecord<String, byte[]> first(String topic) {
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(consuming("peer"))) {
            List<TopicPartition> places = consumer.partitionsFor(topic).stream()
                    .map(one -> new TopicPartition(topic, one.partition())).collect(Collectors.toList());
            consumer.assign(places);
            consumer.seekToBeginning(places);
            for (;;) for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) return record;
        }
    }

    static ByteBuffer header(ConsumerRecord<?, ?> record, String name) {
        return ByteBuffer.wrap(record.headers().lastHeader(name).value());
    }

    static String text(ConsumerRecord<?, ?> record, String name) {
        return StandardCharsets.UTF_8.decode(header(record, name)).toString();
    }

    /** The first dead letter of a topic, by Spring's names: {"topic"}. */
    static JsonNode letter(JsonNode given) throws Exception {
        ConsumerRecord<String, byte[]> record = first(given.get("topic").asText());
        ObjectNode found = JSON.createObjectNode().put("key", record.key());
        found.set("value", decoded(record.value()));
        return found
                .put("topic", text(record, KafkaHeaders.DLT_ORIGINAL_TOPIC))
                .put("partition", header(record, KafkaHeaders.DLT_ORIGINAL_PARTITION).getInt())
                .put("offset", header(record, KafkaHeaders.DLT_ORIGINAL_OFFSET).getLong())
                .put("timestamp", header(record, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP).getLong())
                .put("timestamp_type", text(record, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP_TYPE))
                .put("group", text(record, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP))
                .put("error", text(record, KafkaHeaders.DLT_EXCEPTION_FQCN))
                .put("cause", text(record, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN))
                .put("message", text(record, KafkaHeaders.DLT_EXCEPTION_MESSAGE))
                .put("stacktrace", text(record, KafkaHeaders.DLT_EXCEPTION_STACKTRACE));
    }

    /** Has Spring itself put the first message of a topic aside: {"topic", "to", "group", "message"}. */
    static JsonNode recover(JsonNode given) {
        DefaultKafkaProducerFactory<String, byte[]> producers = new DefaultKafkaProducerFactory<>(producing());
        try {
            String to = given.get("to").asText(), message = given.get("message").asText();
            new DeadLetterPublishingRecoverer(new KafkaTemplate<>(producers), (record, error) -> new TopicPartition(to, -1)).accept(
                    first(given.get("topic").asText()),
                    new ListenerExecutionFailedException(message, given.get("group").asText(), new IllegalStateException(message)));
            return BooleanNode.TRUE;
        } finally {
            producers.destroy();
        }
    }

    // --- Spring's reply template ----------------------------------------------------------------------------------------

    /** What a service answers: {"topic", "key", "subject", "value", "partition"}; without a partition the group shares all. */
    static JsonNode ask(JsonNode given) throws Exception {
        String responses = given.get("topic").asText() + ".responses";
        ContainerProperties properties = given.get("partition").isNull()
                ? new ContainerProperties(responses)
                : new ContainerProperties(new TopicPartitionOffset(responses, given.get("partition").asInt()));
        properties.setGroupId("peer-" + UUID.randomUUID());
        KafkaMessageListenerContainer<String, byte[]> container =
                new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<>(consuming("peer")), properties);
        DefaultKafkaProducerFactory<String, byte[]> producers = new DefaultKafkaProducerFactory<>(producing());
        ReplyingKafkaTemplate<String, byte[], byte[]> template = new ReplyingKafkaTemplate<>(producers, container);
        template.setSharedReplyTopic(true);
        template.afterPropertiesSet();
        template.start();
        try {
            if (!template.waitForAssignment(Duration.ofSeconds(60))) throw new IOException("no partitions of " + responses);
            byte[] value = encoded(given.get("subject").asText(), given.get("value"));
            ProducerRecord<String, byte[]> request =
                    new ProducerRecord<>(given.get("topic").asText() + ".requests", given.get("key").asText(), value);
            ConsumerRecord<String, byte[]> reply = template.sendAndReceive(request, Duration.ofSeconds(60)).get();
            ObjectNode answer = JSON.createObjectNode().put("partition", reply.partition());
            answer.set("value", decoded(reply.value()));
            return answer;
        } finally {
            template.stop();
            template.destroy();
            producers.destroy();
        }
    }

    // --- Spring's listeners ---------------------------------------------------------------------------------------------

    static AnnotationConfigApplicationContext context;
    static String subject;

    @Configuration(proxyBeanMethods = false)
    @EnableKafka
    public static class Answering {
        @Bean
        public ConcurrentKafkaListenerContainerFactory<String, byte[]> kafkaListenerContainerFactory() {
            ConcurrentKafkaListenerContainerFactory<String, byte[]> factory = new ConcurrentKafkaListenerContainerFactory<>();
            factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(consuming("answering")));
            factory.setReplyTemplate(new KafkaTemplate<>(new DefaultKafkaProducerFactory<String, byte[]>(producing())));
            return factory;
        }

        @KafkaListener(topics = "${peer.requests}", groupId = "answering")
        @SendTo
        public byte[] answer(ConsumerRecord<String, byte[]> record) throws Exception {
            JsonNode request = decoded(record.value());
            ObjectNode response = JSON.createObjectNode();
            ObjectNode made = response.putObject("response").putObject("acme.Authorization");
            made.put("authorization_id", "jvm-" + request.get("order_id").asText()).put("note", "");
            response.putNull("error");
            return encoded(subject, response);
        }
    }

    /** Answers the operation authorize from now on: {"topic"}. */
    static JsonNode answer(JsonNode given) {
        subject = given.get("topic").asText() + ".responses-acme.AuthorizeResponse";
        System.setProperty("peer.requests", given.get("topic").asText() + ".requests");
        context = new AnnotationConfigApplicationContext(Answering.class);
        return BooleanNode.TRUE;
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            JsonNode given = JSON.readTree(line);
            servers = given.get("servers").asText();
            registry = given.get("registry").asText();
            out.println(JSON.writeValueAsString(switch (given.get("do").asText()) {
                case "read" -> read(given);
                case "write" -> write(given);
                case "letter" -> letter(given);
                case "recover" -> recover(given);
                case "ask" -> ask(given);
                case "answer" -> answer(given);
                default -> throw new IllegalArgumentException(line);
            }));
        }
    }
}
