/** What the parts of a tab are called in the document. */
export const tabId = (tab: number): string => `tab-${tab}`;
export const bodyId = (tab: number): string => `tab-${tab}-body`;
