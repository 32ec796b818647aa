package io.foregate.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foregate.error.ForegateException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKindTest {
  private static FileKind of(String begin) {
    return FileKind.of(begin.getBytes(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @CsvSource({
    "'', EMPTY",
    "'GGUF\u0003', GGUF",
    "FGSESS01abc, SESSION",
    "'FGTRACE\u0000\u0001', TRACE",
    "FGEXPERT, STORE",
    "'\u0010\u0000\u0000\u0000\u0000\u0000\u0000\u0000{\"a\"', SAFETENSORS",
    "'12345678{\"foregate lookahead gates\"', GATES",
    "'12345678{\"foregate alignment checkpoint\"', CHECKPOINT",
    "'{\"displayTimeUnit\":\"ms\"', TIMELINE",
    "version https://git-lfs.github.com/spec/v1, LFS_POINTER",
    "'  <!DOCTYPE html>', WEB_PAGE",
    "<html lang, WEB_PAGE",
    "<svg xmlns, DRAWING",
    "'PK\u0003\u0004', ZIP",
    "'\u001f\u008b\u0008', GZIP",
    "'\u0080\u0002}q', PICKLE",
    "lmggxx, OLD_GGML",
    "' {\"a\": 1}', JSON",
    "plain words, TEXT",
    "'caf\u00c3\u00a9', TEXT",
    "'\u0001\u0002\u0003', UNKNOWN",
    "F, UNKNOWN",
    "FGEXPER, UNKNOWN",
    "GGU, UNKNOWN",
    "'\u0002\u0000\u0000\u0000\u0008\u0000\u0000\u0000a.weight\u0001', OLD_IMATRIX",
    "'\u0002\u0000\u0000\u0000\u0009\u0000\u0000\u0000a.weight\u0001', UNKNOWN",
    "'\u0002\u0000\u0000\u0000\u0003\u0000\u0000\u0000a.weight\u0001', UNKNOWN",
  })
  void namesAFileByItsFirstBytes(String begin, FileKind kind) {
    assertThat(of(begin)).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({"'GGUF\u0003', a GGUF model", "plain words, a text file", "'PK\u0003\u0004', zip"})
  void refusesAnotherKind(String begin, String named) {
    assertThatThrownBy(() -> FileKind.SESSION.require("x", of(begin)))
        .isInstanceOfSatisfying(
            ForegateException.class,
            e -> {
              assertThat(e).hasMessageContainingAll("x: is not a session but", named);
              assertThat(e.hint()).isNotEmpty().doesNotContainIgnoringCase("delete");
            });
  }
}
