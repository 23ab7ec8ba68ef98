/** What the console uses of noVNC, which comes without types. */
declare module '@novnc/novnc' {
  export default class RFB extends EventTarget {
    /** `channel`: an open WebSocket. The screen is put into `target`. */
    constructor(target: Element, channel: WebSocket, options?: { readonly shared?: boolean });
    scaleViewport: boolean;
    viewOnly: boolean;
    /** Shows where the pointer is when the desktop draws none. */
    showDotCursor: boolean;
    background: string;
    disconnect(): void;
    focus(options?: FocusOptions): void;
    sendCtrlAltDel(): void;
    sendKey(keysym: number, code: string, down: boolean): void;
  }
}
