namespace Mesh.Silo;

/// <summary>A store is there, and waiting will not make it fit for use. The message says what is wrong and what to do about it.</summary>
internal sealed class UnfitStoreException(string message) : Exception(message);
