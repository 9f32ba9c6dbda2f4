import { Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, body } from "~/api/client";
import { CodeSample } from "~/components/CodeSample";
import { PageState } from "~/components/PageState";
import type { CallView } from "./timeline";

/** A token with which a person joins the web call, in any client of LiveKit. */
export default function JoinDialog({ call, onClose }: { call: CallView; onClose: () => void }) {
  const query = useQuery({
    queryKey: ["call", call.call_id, "token"],
    gcTime: 0,
    queryFn: async () =>
      body(api.POST("/api/v1/calls/{call_id}/token", { params: { path: { call_id: call.call_id } } })),
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="Join this call"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text size="sm" c="dimmed" mb="md">
        Connect with a client of LiveKit, for example its command line. Whoever has the token can join: do not
        share it.
      </Text>
      <PageState query={query} skeletonRows={3}>
        {({ url, token }) => (
          <CodeSample
            samples={[
              { label: "lk", code: `lk room join --url ${url} --token ${token}` },
              { label: "JavaScript", code: `await room.connect("${url}", "${token}")` },
            ]}
          />
        )}
      </PageState>
    </Modal>
  );
}
