import { useInfiniteQuery } from "@tanstack/react-query";
import { PageState } from "~/components/PageState";
import { Versions } from "~/components/Versions";

interface VersionPagesProps<Each> {
  /** The key of the resource's query: its versions are read anew with it. */
  queryKey: string[];
  read: (query: { cursor?: string }) => Promise<{ data: Each[]; next_cursor: string | null }>;
}

/** The versions of an agent, a workflow or a tool, a page at a time. */
export function VersionPages<Each extends { version: number; updated_at?: string }>(
  props: VersionPagesProps<Each>,
) {
  const query = useInfiniteQuery({
    queryKey: [...props.queryKey, "versions"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => props.read(pageParam ? { cursor: pageParam } : {}),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  return (
    <PageState query={query}>
      {({ pages }) => (
        <Versions
          versions={pages.flatMap((page) => page.data)}
          more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
        />
      )}
    </PageState>
  );
}
