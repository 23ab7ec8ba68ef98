/** What the console uses of noVNC, which comes without types. */
declare module '@novnc/novnc' {
  export default class RFB extends EventTarget {
    /** `channel`: an open WebSocket. The screen is put into `target`. */
    constructor(target: Element, channel: WebSocket, options?: { readonly shared?: boolean });
    scaleViewport: boolean;
    viewOnly: boolean;
    background: string;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    sendCtrlAltDel(): void;
  }
}
