import { Link } from "@tanstack/react-router";
import { FileX } from "lucide-react";
import { Page } from "~/components/Page";
import { Notice } from "~/components/PageState";
import { Logo } from "./Logo";

/** An address that is none of the app's. */
export function LostPage() {
  return (
    <main>
      <Page title="No such page">
        <Notice
          icon={<FileX size={22} />}
          title="Nothing is here"
          text="Check the address, or begin anew."
          action={
            <Link to="/" aria-label="Trunkline, first page">
              <Logo />
            </Link>
          }
        />
      </Page>
    </main>
  );
}
