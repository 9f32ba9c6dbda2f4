import { TextInput, type TextInputProps } from "@mantine/core";
import { useState } from "react";

interface CommittedTextProps extends Omit<TextInputProps, "value" | "defaultValue" | "onChange"> {
  value: string;
  /** Takes the text by Enter, or when the field is left, if it is another one. */
  onCommit: (text: string) => void;
}

/** A filter that a person types. It follows its value when that changes elsewhere, and keeps the focus. */
export function CommittedText({ value, onCommit, ...rest }: CommittedTextProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const commit = () => {
    if (text.trim() !== value) onCommit(text.trim());
  };
  return (
    <TextInput
      {...rest}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
      }}
    />
  );
}
