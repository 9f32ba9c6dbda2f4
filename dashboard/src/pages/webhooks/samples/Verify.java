import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Verify {
  private static final Pattern FORM = Pattern.compile("t=(\\d{1,12}),v1=([0-9a-f]{64})");

  /** Checks X-Webhook-Signature of a raw body; the key is the whole whsec_… text. */
  static boolean isGenuine(byte[] body, String header, String secret) throws Exception {
    var parts = FORM.matcher(header);
    if (!parts.matches()) return false;
    long ageS = Math.abs(Instant.now().getEpochSecond() - Long.parseLong(parts.group(1)));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    mac.update((parts.group(1) + ".").getBytes(StandardCharsets.UTF_8));
    byte[] signature = HexFormat.of().parseHex(parts.group(2));
    return ageS <= 300 && MessageDigest.isEqual(mac.doFinal(body), signature);
  }
}
