import classes from "./Logo.module.css";

/** The product's mark and name. */
export function Logo() {
  return (
    <span className={classes.logo}>
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" className={classes.tile} />
        <path d="M8 10h16M16 10v13M11 23h10" className={classes.line} />
        <circle cx="8" cy="10" r="2.6" className={classes.dot} />
        <circle cx="24" cy="10" r="2.6" className={classes.dot} />
      </svg>
      Trunkline
    </span>
  );
}
