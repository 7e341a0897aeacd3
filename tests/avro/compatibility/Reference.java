import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.avro.*;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.*;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;

/** Answers a line of JSON with a line of JSON: what Avro's reference says of schemas, and what it reads. */
public class Reference {
    static final ObjectMapper JSON = new ObjectMapper();

    /** A schema after those that it refers to; held to what a registry asks of the schemas that it holds. */
    static Schema parse(JsonNode given) {
        Schema.Parser parser = new Schema.Parser().setValidateDefaults(false);
        for (JsonNode reference : given.get("references")) {
            parser.parse(reference.asText());
        }
        return parser.parse(given.get("schema").asText());
    }

    /** What is incompatible: a list of type, location and message, or the message of what was thrown. */
    static JsonNode verdict(Schema reader, Schema writer) {
        try {
            ArrayNode found = JSON.createArrayNode();
            SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult().getIncompatibilities().forEach(
                one -> found.addArray().add(one.getType().name()).add(one.getLocation()).add(one.getMessage()));
            return found;
        } catch (AvroRuntimeException thrown) {
            return TextNode.valueOf(thrown.getMessage());
        }
    }

    /** Every schema of a family as the reader of every other; null for all of one that does not parse. */
    static JsonNode family(JsonNode given) {
        List<Schema> schemas = new ArrayList<>();
        for (JsonNode one : given) {
            try {
                schemas.add(parse(one));
            } catch (AvroRuntimeException refused) {
                schemas.add(null);
            }
        }
        ArrayNode answers = JSON.createArrayNode();
        for (Schema reader : schemas) {
            ArrayNode row = answers.addArray();
            for (Schema writer : schemas) {
                row.add(reader == null || writer == null ? NullNode.instance : verdict(reader, writer));
            }
        }
        return answers;
    }

    static GenericData meanings() {
        GenericData data = new GenericData();
        data.addLogicalTypeConversion(new Conversions.DecimalConversion());
        data.addLogicalTypeConversion(new Conversions.UUIDConversion());
        data.addLogicalTypeConversion(new TimeConversions.DateConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimeMillisConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimeMicrosConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
        data.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
        data.addLogicalTypeConversion(new TimeConversions.LocalTimestampMillisConversion());
        data.addLogicalTypeConversion(new TimeConversions.LocalTimestampMicrosConversion());
        return data;
    }

    /** What is read, as text, or what is thrown. */
    static JsonNode read(JsonNode given) {
        try {
            Schema reader = parse(given.get("reader"));
            Schema writer = parse(given.get("writer"));
            byte[] bytes = HexFormat.of().parseHex(given.get("data").asText());
            DatumReader<Object> source = new GenericDatumReader<>(writer, reader, meanings());
            return TextNode.valueOf(String.valueOf(source.read(null, DecoderFactory.get().binaryDecoder(bytes, null))));
        } catch (RuntimeException | IOException thrown) {
            return TextNode.valueOf("error: " + thrown.getMessage());
        }
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            JsonNode given = JSON.readTree(line);
            out.println(JSON.writeValueAsString(given.has("family") ? family(given.get("family")) : read(given)));
        }
    }
}
