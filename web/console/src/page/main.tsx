// SPDX-License-Identifier: Apache-2.0
/** Where the console begins. */

import { render } from "preact";
import { App } from "./app.tsx";

render(<App />, document.getElementById("page") as HTMLElement);
