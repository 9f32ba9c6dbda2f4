import { queryOptions } from "@tanstack/react-query";
import { allPages } from "~/api/all-pages";
import { api, body, type Schemas } from "~/api/client";

export type Schedule = Schemas["ScheduleView"];
export type Run = Schemas["RunView"];

export const schedulesQuery = queryOptions({
  queryKey: ["schedules"],
  queryFn: ({ signal }) =>
    allPages((query) => body(api.GET("/api/v1/schedules", { params: { query }, signal }))),
});

export function scheduleQuery(id: string) {
  const params = { path: { schedule_id: id } };
  return queryOptions({
    queryKey: ["schedules", id],
    queryFn: ({ signal }) => body(api.GET("/api/v1/schedules/{schedule_id}", { params, signal })),
  });
}

export function runsQuery(id: string) {
  const params = { path: { schedule_id: id } };
  return queryOptions({
    queryKey: ["schedules", id, "runs"],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/schedules/{schedule_id}/runs", { params, signal }))).data,
  });
}

export function previewQuery(times: Schemas["ScheduleTimes"]) {
  return queryOptions({
    queryKey: ["schedule preview", times],
    queryFn: ({ signal }) => body(api.POST("/api/v1/schedules/preview", { body: times, signal })),
    retry: false,
  });
}
