// Calls of FormApp since 2025 that the published types do not have yet.
declare namespace GoogleAppsScript {
  namespace Forms {
    interface Form {
      setPublished(enabled: boolean): Form;
      supportsAdvancedResponderPermissions(): boolean;
    }
  }
}
