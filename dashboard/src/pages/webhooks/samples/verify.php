<?php

/** Checks X-Webhook-Signature of a raw body; the key is the whole whsec_… text. */
function is_genuine(string $body, string $header, string $secret): bool
{
    if (!preg_match('/\At=(\d{1,12}),v1=([0-9a-f]{64})\z/', $header, $parts)) {
        return false;
    }
    $expected = hash_hmac('sha256', "{$parts[1]}.{$body}", $secret);
    return abs(time() - (int) $parts[1]) <= 300 && hash_equals($expected, $parts[2]);
}
