/** The nonce that the page's policy allows styles with: the `dashboard` function makes one for each response. */
import { setNonce } from "get-nonce";

export const styleNonce: string =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

// Mantine's dialogs lock the page's scrolling by a style of this library.
setNonce(styleNonce);
