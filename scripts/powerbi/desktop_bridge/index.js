function absent() {
  throw new Error("previews need Power BI Desktop");
}

export const METHODS = {};
export {
  absent as getMethodNames,
  absent as isDesktopBridgeError,
  absent as normalizeReportFolder,
  absent as openDesktop,
  absent as openSession,
  absent as readDesktopStatus,
  absent as reportFoldersEqual,
  absent as resolveInstanceForReportFolder,
  absent as resolveReportDir,
};
