/** Uploads to a link that the API has signed: the one request that goes past the API. */
import { ApiError, networkError } from "./errors";

/** Puts a file, and tells its progress from 0 to 1. */
export function upload(url: string, file: Blob, onProgress: (part: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // `fetch` tells no progress of what it sends.
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(refused(request.status));
    };
    request.onerror = () => reject(networkError());
    request.send(file);
  });
}

function refused(status: number): ApiError {
  const message =
    status === 403
      ? "The upload's link is no longer valid. Create the batch again."
      : `The upload was refused with status ${status}. Try again.`;
  return new ApiError(status, { type: "upload_failed", message });
}
