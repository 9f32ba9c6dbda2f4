import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useMemo } from "react";
import type { Schemas } from "~/api/client";
import { CommittedText } from "~/components/CommittedText";
import { moreOf, type Column } from "~/components/data-table";
import { DataTable } from "~/components/DataTable";
import { IdText } from "~/components/IdText";
import { Empty, PageState } from "~/components/PageState";
import { Time } from "~/components/Time";
import classes from "./CallsPage.module.css";
import { lookFor } from "./filters";
import { refusalsQuery } from "./queries";

type Refusal = Schemas["RefusalView"];

/** Requests for a number that were refused, so that there is no call of them. */
export function RefusedCalls({ phoneNumber }: { phoneNumber: string | undefined }) {
  return (
    <>
      <NumberField phoneNumber={phoneNumber} />
      {phoneNumber === undefined ? (
        <Empty
          title="Why was a number not called?"
          text="Enter it: refused requests of the last 30 days are found by their number, and kept with its last digits only."
        />
      ) : (
        <Refusals phoneNumber={phoneNumber} />
      )}
    </>
  );
}

function NumberField({ phoneNumber }: { phoneNumber: string | undefined }) {
  const navigate = useNavigate({ from: "/calls" });
  const look = (text: string) => {
    const found = lookFor(text === "" || text.startsWith("+") ? text : `+${text}`);
    if ("callId" in found) return;
    void navigate({ search: (before) => ({ ...before, phone_number: found.filters.phone_number }) });
  };
  return (
    <div className={classes.filters} role="search">
      <CommittedText
        data-search
        className={classes.search}
        aria-label="Phone number"
        placeholder="+15550100001"
        leftSection={<Search size={14} />}
        value={phoneNumber ?? ""}
        onCommit={look}
      />
    </div>
  );
}

function Refusals({ phoneNumber }: { phoneNumber: string }) {
  const query = useInfiniteQuery(refusalsQuery(phoneNumber));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  return (
    <PageState
      query={query}
      empty={{
        when: ({ pages }) => pages.every((page) => page.data.length === 0),
        show: (
          <Empty
            title="No request was refused"
            text="Nobody asked for this number in vain in the last 30 days. Requests over a key's rate limit are not recorded."
          />
        ),
      }}
    >
      {() => (
        <DataTable
          label="Refused requests"
          rows={rows}
          columns={COLUMNS}
          rowId={(refusal) => refusal.request_id}
          more={moreOf(query)}
        />
      )}
    </PageState>
  );
}

const COLUMNS: Column<Refusal>[] = [
  {
    id: "at",
    header: "At",
    width: "150px",
    cell: ({ at }) => <Time at={at} absolute />,
    sortBy: ({ at }) => at,
  },
  {
    id: "number",
    header: "Number",
    width: "110px",
    hideBelow: 700,
    cell: ({ phone_number }) => phone_number,
  },
  {
    id: "message",
    header: "Reason",
    width: "minmax(160px, 1fr)",
    cell: ({ message }) => <span title={message}>{message}</span>,
    sortBy: ({ message }) => message,
  },
  { id: "source", header: "Asked by", width: "100px", hideBelow: 560, cell: ({ source }) => source },
  {
    id: "request",
    header: "Request",
    width: "136px",
    hideBelow: 860,
    cell: ({ request_id }) => <IdText id={request_id} what="request id" short />,
  },
];
