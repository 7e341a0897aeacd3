import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.avro.*;
import org.apache.avro.generic.*;
import org.apache.avro.io.*;

/** Reads data of one schema as another, and writes what it read with the other schema: a line of JSON for a line of JSON. */
public class Resolve {
    static final ObjectMapper JSON = new ObjectMapper();

    static Schema parse(JsonNode text) {
        return new Schema.Parser().setValidateDefaults(false).parse(text.asText());
    }

    static byte[] resolved(Schema writer, Schema reader, byte[] data) throws IOException {
        Object datum = new GenericDatumReader<>(writer, reader).read(null, DecoderFactory.get().binaryDecoder(data, null));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<>(reader).write(datum, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    /** For each data its bytes in the reader's schema, or null where it cannot be read. */
    static JsonNode answer(JsonNode given) {
        ArrayNode answers = JSON.createArrayNode();
        for (JsonNode data : given.get("data")) {
            try {
                Schema writer = parse(given.get("writer")), reader = parse(given.get("reader"));
                answers.add(HexFormat.of().formatHex(resolved(writer, reader, HexFormat.of().parseHex(data.asText()))));
            } catch (RuntimeException | IOException | StackOverflowError refused) {
                answers.addNull();
            }
        }
        return answers;
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null; ) {
            out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
        }
    }
}
