package hooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// IsGenuine checks X-Webhook-Signature of a raw body; the key is the whole whsec_… text.
func IsGenuine(body []byte, header, secret string) bool {
	parts := map[string]string{}
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	sentAt, err := strconv.ParseInt(parts["t"], 10, 64)
	if err != nil || time.Since(time.Unix(sentAt, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts["t"] + "."))
	mac.Write(body)
	signature, err := hex.DecodeString(parts["v1"])
	return err == nil && hmac.Equal(signature, mac.Sum(nil))
}
